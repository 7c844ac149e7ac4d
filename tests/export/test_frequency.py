import numpy as np
import pytest
import torch
from torch import nn

from skel.export.frequency import FrequencyConv, bilinear_form


@pytest.mark.parametrize(("frames", "taps"), [(13, 9), (25, 9), (12, 9), (3, 9), (1, 9), (7, 3)])
def test_is_the_zero_padded_convolution(frames, taps):
    torch.manual_seed(0)
    conv = nn.Conv2d(6, 5, (taps, 1), padding=(taps // 2, 0)).double()
    by_frequency = FrequencyConv(conv, frames).double()
    # the constants were rounded to float32 on the way
    for name, matrix in zip(("of_input", "of_weight", "to_output"), bilinear_form(frames, taps)):
        by_frequency.get_buffer(name).copy_(torch.from_numpy(matrix))
    x = torch.randn(2, 6, frames, 4, dtype=torch.float64)
    torch.testing.assert_close(by_frequency(x), conv(x), rtol=0, atol=1e-12)


def test_float32_loses_no_more_than_the_convolution_itself():
    torch.manual_seed(0)
    conv = nn.Conv2d(256, 256, (9, 1), padding=(4, 0))
    x = torch.relu(torch.randn(1, 256, 13, 25))
    exact = nn.functional.conv2d(x.double(), conv.weight.double(), conv.bias.double(), padding=(4, 0))
    with torch.no_grad():
        error = (FrequencyConv(conv, 13)(x) - exact).abs().max()
    assert error < 1e-5 * exact.abs().max()


def test_takes_a_quarter_of_the_products():
    products = len(bilinear_form(13, 9)[0])
    taps_on_frames = sum(0 <= frame + tap - 4 < 13 for frame in range(13) for tap in range(9))
    assert (products, taps_on_frames) == (25, 97)
    assert np.isclose(taps_on_frames / products, 3.88)
