import numpy as np
import pytest
import torch

from skel.models.stgcn import STGCN, Dropout
from skel.skeleton.layouts import KINECT20, LAYOUTS, NTU25

TOLERANCE = 2e-6  # float32, sums taken in another order than the reference's


def network(state, **options):
    built = STGCN(empty_bodies="keep", **options)
    missing, unexpected = built.load_state_dict(state, strict=False)
    assert not unexpected
    assert all("num_batches_tracked" in name or name.startswith("head.") for name in missing)
    return built


def test_equals_the_reference_in_evaluation_mode(shared, golden_weights):
    golden = np.load(shared / "golden" / "encoder_eval.npz")
    query, query_head = golden_weights("encoder_q_weights.npz")
    key, key_head = golden_weights("encoder_k_weights.npz")
    cases = [
        (query, query_head, "x", "features", "logits"),
        (query, query_head, "x_skel", "features_skel", "logits_skel"),
        (key, key_head, "x", "features_k", "logits_k"),
    ]
    for state, head, clips, features, logits in cases:
        with torch.no_grad():
            embedding = network(state).eval().embed(torch.from_numpy(golden[clips]))
            project = torch.nn.Sequential(torch.nn.Linear(256, 256), torch.nn.ReLU(), torch.nn.Linear(256, 128))
            project.load_state_dict(head)
            projected = project(embedding)
        np.testing.assert_allclose(embedding, golden[features], atol=TOLERANCE, rtol=0)
        np.testing.assert_allclose(projected, golden[logits], atol=TOLERANCE, rtol=0)


def test_equals_the_reference_block_by_block_and_in_its_classifier(shared, golden_weights):
    golden = np.load(shared / "golden" / "encoder_eval.npz")
    built = network(golden_weights("encoder_q_weights.npz")[0], classes=60).eval()
    with torch.no_grad():
        built.head.weight.copy_(torch.from_numpy(golden["linear60_weight"]))
        built.head.bias.copy_(torch.from_numpy(golden["linear60_bias"]))
        seen = []
        for block in built.blocks:
            block.register_forward_hook(lambda _block, _input, output: seen.append(output[0].numpy()))
        logits = built(torch.from_numpy(golden["x"])).logits
    np.testing.assert_allclose(logits, golden["linear60_logits"], atol=TOLERANCE, rtol=0)
    for block, name in ((0, "block1_n0"), (4, "block5_n0"), (9, "block10_n0_c0_31")):
        expected = golden[name]  # rounding grows with the values, which reach 11
        np.testing.assert_allclose(seen[block][: len(expected)], expected, atol=5e-6 * np.abs(expected).max(), rtol=0)


def test_equals_the_reference_in_training_mode(shared, golden_weights):
    golden = np.load(shared / "golden" / "encoder_train_nodropout.npz")
    state, head = golden_weights("encoder_q_weights.npz")
    built = network(state, dropout=0.0).train()
    clips = torch.from_numpy(np.load(shared / "golden" / "encoder_eval.npz")["x"])
    with torch.no_grad():
        embedding = built.embed(clips)
        project = torch.nn.Sequential(torch.nn.Linear(256, 256), torch.nn.ReLU(), torch.nn.Linear(256, 128))
        project.load_state_dict(head)
        np.testing.assert_allclose(project(embedding), golden["logits"], atol=5e-6, rtol=0)
    np.testing.assert_allclose(built.input_norm.running_mean, golden["after__data_bn.running_mean"], atol=1e-6)
    last = "after__st_gcn_networks.9.tcn.3.running_var"
    np.testing.assert_allclose(built.blocks[9].temporal_norm.running_var, golden[last], rtol=1e-5)


def test_has_as_many_parameters_as_the_published_network():
    assert sum(parameter.numel() for parameter in STGCN(classes=60).parameters()) == 836_800


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_takes_any_layout_width_and_length(layout):
    clips = torch.randn(2, 3, 20, len(layout), 1)
    logits, embedding = STGCN(layout, channels=4, classes=5).eval()(clips)
    assert logits.shape == (2, 5)
    assert embedding.shape == (2, 64)


@pytest.mark.parametrize("training", [False, True])
def test_an_absent_body_changes_nothing(training):
    torch.manual_seed(0)
    built = STGCN(KINECT20, channels=4, classes=3, dropout=0.0).train(training)
    one = torch.randn(5, 3, 20, 20, 1)
    two = torch.cat([one, torch.zeros_like(one)], dim=4)
    torch.testing.assert_close(built(two).embedding, built(one).embedding)


def test_two_bodies_count_the_same_and_their_order_does_not_matter():
    torch.manual_seed(0)
    built = STGCN(NTU25, channels=4).eval()
    clips = torch.randn(3, 3, 20, 25, 2)
    clips[1, ..., 1] = 0
    embedding = built.embed(clips)
    torch.testing.assert_close(embedding, built.embed(clips.flip(4)))
    single = [built.embed(clips[..., body : body + 1]) for body in (0, 1)]
    torch.testing.assert_close(embedding[0], (single[0][0] + single[1][0]) / 2)
    torch.testing.assert_close(embedding[1], single[0][1])


def test_a_clip_without_anybody_embeds_as_zero():
    assert not STGCN(channels=4).eval().embed(torch.zeros(2, 3, 50, 25, 2)).any()


def test_exports_the_same_form(monkeypatch):
    """The branch that an exporter traces (absent bodies computed and weighted with zero) gives the eager result."""
    torch.manual_seed(0)
    built = STGCN(channels=4, classes=3).eval()
    clips = torch.randn(4, 3, 50, 25, 2)
    clips[:2, ..., 1] = 0
    expected = built(clips)
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    torch.testing.assert_close(built(clips), expected)


def test_dropout_keeps_the_mean_and_its_share():
    torch.manual_seed(0)
    x = torch.ones(1003, 97)
    for p in (0.25, 0.5):
        y = Dropout(p).train()(x)
        assert y.unique().tolist() == pytest.approx([0.0, 1 / (1 - p)])
        # Five standard deviations of the mean of 97,291 draws.
        assert (y == 0).float().mean().item() == pytest.approx(p, abs=5 * (p * (1 - p) / x.numel()) ** 0.5)
        assert Dropout(p).eval()(x) is x
