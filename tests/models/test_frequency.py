import pytest
import torch
import torch.nn.functional as F

from skel.models.frequency import convolve
from skel.models.stgcn import TemporalConv


@pytest.mark.parametrize("frames", [3, 13])
def test_equals_the_convolution_tap_by_tap_gradients_included(frames):
    torch.manual_seed(0)
    x = torch.randn(2, 32, frames, 5).to(memory_format=torch.channels_last).requires_grad_()
    weight, bias = (0.05 * torch.randn(24, 32, 9, 1)).requires_grad_(), torch.randn(24).requires_grad_()
    towards = torch.randn(2, 24, frames, 5)
    results = []
    for function in (convolve, lambda x, w, b: F.conv2d(x, w, b, padding=(4, 0))):
        y = function(x, weight, bias)
        results.append((y, *torch.autograd.grad(y, (x, weight, bias), towards)))
    for ours, plain in zip(*results):
        torch.testing.assert_close(ours, plain, atol=2e-5, rtol=1e-5)


def test_training_goes_by_frequency_and_evaluation_gives_the_same():
    torch.manual_seed(0)
    conv, x = TemporalConv(64, 1), torch.randn(2, 64, 13, 5)
    by_frequency, plain = conv.train()(x), conv.eval()(x)
    assert not torch.equal(by_frequency, plain)
    torch.testing.assert_close(by_frequency, plain, atol=1e-5, rtol=1e-5)
