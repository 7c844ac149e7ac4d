import numpy as np
import pytest
import torch

from skel.export.deployable import Deployable, Ensemble
from skel.export.folding import FoldedEncoder
from skel.models.stgcn import STGCN
from skel.models.streams import STREAMS
from skel.training.checkpoint import load_model


@pytest.mark.parametrize("by_frequency", [False, True])
@pytest.mark.parametrize("empty_bodies", ["skip", "keep"])
@pytest.mark.parametrize("stream", STREAMS)
def test_equals_the_trained_network(tmp_path, make_run, clips, stream, empty_bodies, by_frequency):
    network, _ = load_model(make_run(tmp_path, stream, empty_bodies))
    deployable = Deployable([network], [1.0], 50, 2)
    if by_frequency:
        deployable.convolve_by_frequency()
    with torch.no_grad():
        expected = network(torch.from_numpy(clips))
        logits, embedding = deployable(torch.from_numpy(clips))
    assert expected.logits.std() > 0.01
    torch.testing.assert_close(logits, expected.logits, rtol=0, atol=1e-5)
    torch.testing.assert_close(embedding, expected.embedding, rtol=0, atol=1e-5)


def test_equals_the_published_network(shared, golden_weights):
    golden = np.load(shared / "golden" / "encoder_eval.npz")
    network = STGCN(classes=1, empty_bodies="keep")
    network.load_state_dict(golden_weights("encoder_q_weights.npz")[0], strict=False)
    for clips, features in (("x", "features"), ("x_skel", "features_skel")):
        deployable = Deployable([network.eval()], [1.0], golden[clips].shape[2], 2)
        for change in (lambda: None, deployable.convolve_by_frequency):
            change()
            with torch.no_grad():
                _, embedding = deployable(torch.from_numpy(golden[clips]))
            np.testing.assert_allclose(embedding, golden[features], atol=5e-6)


def test_normalisation_and_dropout_are_gone(tmp_path, make_run):
    network, _ = load_model(make_run(tmp_path))
    kinds = {type(module).__name__ for module in FoldedEncoder(network).modules()}
    assert not kinds & {"BatchNorm1d", "BatchNorm2d", "Dropout"}


def test_the_trained_network_is_left_as_it_was(tmp_path, make_run):
    network, _ = load_model(make_run(tmp_path))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    Deployable([network], [0.3], 50, 2)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("empty_bodies", ["skip", "keep"])
def test_streams_add_up_by_their_weights(tmp_path, make_run, clips, empty_bodies):
    networks = [load_model(make_run(tmp_path / stream, stream, empty_bodies))[0] for stream in STREAMS]
    weights = (0.6, 0.6, 0.4)
    given = torch.from_numpy(clips)
    with torch.no_grad():
        single = [network(given) for network in networks]
        for made in (Deployable(networks, weights, 50, 2), Ensemble(networks, weights)):
            logits, embedding = made(given)
            torch.testing.assert_close(logits, sum(w * out.logits for w, out in zip(weights, single)), rtol=0, atol=1e-5)
            torch.testing.assert_close(embedding, torch.cat([out.embedding for out in single], 1), rtol=0, atol=1e-5)


@pytest.mark.parametrize("empty_bodies", ["skip", "keep"])
def test_absent_bodies_need_not_be_given(tmp_path, make_run, clips, empty_bodies):
    network, _ = load_model(make_run(tmp_path, empty_bodies=empty_bodies))
    alone = torch.from_numpy(clips[:8])
    deployable = Deployable([network], [1.0], 50, 2)
    with torch.no_grad():
        for whole, part in zip(deployable(alone), deployable(alone[..., :1])):
            torch.testing.assert_close(part, whole, rtol=0, atol=1e-5)
