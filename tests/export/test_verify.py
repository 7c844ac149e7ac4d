import numpy as np
import pytest

from skel.export.deployable import Ensemble
from skel.export.verify import Sample, Verification, random_sample, real_sample
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.training.checkpoint import load_model
from skel.training.dataset import load_split


@pytest.fixture(scope="module")
def networks(make_run, tmp_path_factory):
    return Ensemble([load_model(make_run(tmp_path_factory.mktemp("run")))[0]], [1.0])


@pytest.fixture
def sample(networks, clips):
    """200 clips that the networks name rightly, all but two."""
    many = np.concatenate([clips] * 20)[:200]
    labels = Verification(networks, 1.0, Sample(many, np.zeros(200, int), "")).logits.argmax(axis=1)
    labels[:2] = (labels[:2] + 1) % 3
    return Sample(many, labels, "some clips")


def altered(verification, change):
    """A model that gives the networks' logits, changed; called with the sample in batches, then with single clips."""
    logits = verification.logits.copy()
    change(logits)
    given = iter([logits[i : i + 32] for i in range(0, len(logits), 32)])
    return lambda clips: (next(given, logits[:1]), None)


def exchanged(count):
    """Calls the last `count` clips by another name."""

    def change(logits):
        if count:
            logits[-count:] = np.roll(logits[-count:], 1, axis=1)

    return change


def test_the_figures_are_those_of_the_definition(networks, sample, tmp_path):
    (tmp_path / "file").write_bytes(bytes(1_500_000))
    verification = Verification(networks, 2.0, sample)

    def change(logits):
        logits[3, 1] += 0.05

    row = verification.add("file", tmp_path / "file", "int8", altered(verification, change))
    expected = verification.logits.astype(float)
    got = expected.copy()
    got[3, 1] += 0.05
    p, q = (np.exp(x / 2) / np.exp(x / 2).sum(axis=1, keepdims=True) for x in (expected, got))
    assert row.size_mb == 1.5
    assert row.logit_max == pytest.approx(0.05, rel=1e-4)
    assert row.logit_mean == pytest.approx(0.05 / 600, rel=1e-4)
    assert row.probability_max == pytest.approx(np.abs(p - q).max(), rel=1e-3)
    assert row.probability_mean == pytest.approx(np.abs(p - q).mean(), rel=1e-3)
    assert verification.rows[0].accuracy == 0.99
    assert verification.rows[0].logit_max == 0


@pytest.mark.parametrize(
    ("arithmetic", "change", "fault"),
    [
        ("float32", exchanged(0), None),
        (
            "float32",
            lambda logits: np.add(logits, 2e-4, out=logits),
            r"would differ from the run by 2\.0e-04 \(allowed 1e-04\)",
        ),
        ("float32", lambda logits: logits.fill(np.nan), "would differ from the run by nan"),
        ("int8", lambda logits: np.add(logits, 2e-4, out=logits), None),
        ("int8", exchanged(2), None),
        ("float16", exchanged(3), r"would be right in 97\.5% in place of 99\.0% \(allowed loss 1\.0%\)"),
        ("tf32", lambda logits: logits.fill(np.nan), "would be right in"),
    ],
)
def test_what_is_further_away_than_allowed_is_refused(networks, sample, tmp_path, arithmetic, change, fault):
    (tmp_path / "file").write_bytes(b"")
    verification = Verification(networks, 1.0, sample)
    model = altered(verification, change)
    if fault is None:
        verification.add("file", tmp_path / "file", arithmetic, model)
    else:
        with pytest.raises(UserError, match=f"file {fault}.* on some clips: nothing was written"):
            verification.add("file", tmp_path / "file", arithmetic, model)


def test_without_labels_names_must_be_kept(networks, sample, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    unlabelled = Sample(sample.clips, np.full(200, -1), "clips")
    verification = Verification(networks, 1.0, unlabelled)
    assert verification.rows[0].accuracy is None
    verification.add("file", tmp_path / "file", "int8", altered(verification, exchanged(10)))
    with pytest.raises(UserError, match=r"would agree with the run in 94\.5% \(at least 95%\)"):
        verification.add("file", tmp_path / "file", "int8", altered(verification, exchanged(11)))


def test_a_real_sample_holds_people_alone_and_in_pairs(prepared):
    data = load_split(prepared, "val")
    sample = real_sample(data)
    assert sample.pairs == 8
    np.testing.assert_array_equal(sample.clips[:12], data.clips)
    assert sample.labels.tolist() == [*data.labels.tolist(), *[-1] * 8]
    np.testing.assert_array_equal(sample.clips[12:, ..., 0], data.clips[:8, ..., 0])
    np.testing.assert_array_equal(sample.clips[12:, ..., 1], data.clips[-8:, ..., 0])


def test_a_random_sample_holds_one_body_and_all():
    present = random_sample(ClipConfig()).clips.any(axis=(1, 2, 3))
    assert present.tolist() == [[True, False]] * 8 + [[True, True]] * 8
