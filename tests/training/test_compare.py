import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skel.skeleton.clip import AIMCLR
from skel.skeleton.errors import UserError
from skel.training.adaptation_config import CompareConfig, FinetuneOptions, LinearOptions, PretrainOptions
from skel.training.cli import COMMANDS, _options
from skel.training.compare import compare, plan
from skel.training.comparison_table import Comparison, Curve, Point
from skel.training.dataset import PARTS, load_split, save_split
from skel.training.report import METRICS_FILE
from skel.training.run import Run
from skel.training.side_by_side import train_all
from skel.training.splits import read_names


@pytest.fixture
def other(prepared, tmp_path):
    """Other people doing other things: the mirrored clips of the same set, under names of their own."""
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    names = {"classes": ("leg lift", "leg swing", "leg push"), "dataset": "legs"}
    parts = {part: replace(one, clips=-one.clips, **names) for part, one in parts.items()}
    save_split(tmp_path / "legs", parts, [], {})
    return tmp_path / "legs"


def config(source, target, out, **options):
    options = {"labels": (0.5, 1.0), "seeds": 2, "device": "cpu", **options}
    return CompareConfig(
        (source,),
        target,
        out,
        pretrain=PretrainOptions(channels=4, epochs=1, batch_size=12),
        finetune=FinetuneOptions(epochs=1, batch_size=12),
        linear=LinearOptions(epochs=1),
        **options,
    )


def figures(folder):
    found = json.loads((folder / "comparison.json").read_text())
    found.pop("provenance")
    return found


def test_a_target_of_which_not_all_labels_are_there_is_refused(prepared, other, tmp_path):
    parts = {part: replace(load_split(prepared, part), classes=("arm lift", "unlabelled", "arm push")) for part in PARTS}
    save_split(tmp_path / "half", parts, [], {})
    with pytest.raises(UserError, match="has clips without a label, and compare needs all of them"):
        compare(config(other, tmp_path / "half", tmp_path / "out"))


class KilledError(Exception):
    pass


def test_a_comparison_goes_on_to_the_same_table(prepared, other, tmp_path, monkeypatch, capsys):
    every = {"selection": ("random", "typical"), "protocol": ("finetune", "linear"), "starts": ("target", "scratch")}
    every |= {"seeds": 1, "labels": (0.5,)}
    whole = compare(config(other, prepared, tmp_path / "whole", **every))
    assert capsys.readouterr().out.rstrip() == (whole / "comparison.md").read_text().rstrip()
    assert (whole / "comparison.png").read_bytes().startswith(b"\x89PNG")

    log, epochs = Run._log, []

    def log_or_die(self, epoch, figures):
        log(self, epoch, figures)
        epochs.append(self.folder)
        if len(epochs) == 3:
            raise KilledError

    interrupted = config(other, prepared, tmp_path / "interrupted", **every)
    monkeypatch.setattr(Run, "_log", log_or_die)
    with pytest.raises(KilledError):
        compare(interrupted)
    compare(interrupted)
    # The encoder; two selections, and one from scratch, twice as long; two selections by features; all labels from scratch.
    assert len(epochs) == 1 + 3 * 2 + 2 * 2 + 1 + 1, "only the epoch that was interrupted runs twice"
    monkeypatch.undo()
    assert (tmp_path / "interrupted" / "comparison.md").read_text() == (whole / "comparison.md").read_text()
    assert figures(tmp_path / "interrupted") == figures(whole)
    runs = [path.relative_to(whole) for path in whole.rglob(METRICS_FILE)]
    assert len(runs) == 6
    for run in runs:  # with likelihoods to the last digit
        assert (tmp_path / "interrupted" / run).read_text() == (whole / run).read_text()

    found = figures(whole)
    assert (found["source"], found["target"]) == (["legs xsub"], "limbs xsub")
    assert [(curve["protocol"], curve["start"], curve["selection"]) for curve in found["curves"]] == [
        ("finetune", "target", "random"),
        ("finetune", "target", "typical"),
        ("finetune", "scratch", "random"),
        ("linear", "target", "random"),
        ("linear", "target", "typical"),
    ]
    lists = {path.name: read_names(path) for path in (whole / "labels").iterdir()}
    assert set(lists) == {"random-0.5-0.json", "typical-target-0.5-0.json"}
    assert all(len(set(names)) == 12 for names in lists.values()), "as many as half of each of three classes of eight"


def test_statistics_are_kept_only_of_an_encoder(prepared, other, tmp_path):
    few = config(other, prepared, tmp_path / "run", starts=("target",), labels=(1.0,), seeds=1)
    folder = compare(replace(few, finetune=replace(few.finetune, evaluation_mode=True)))
    kept = {
        path.parent.parent.parent.name: json.loads((path.parent / "config.json").read_text())["evaluation_mode"]
        for path in (folder / "finetune").rglob(METRICS_FILE)
    }
    assert kept == {"target": True, "scratch": False}


def test_runs_go_side_by_side_and_more_can_be_asked_for(prepared, other, tmp_path, capsys):
    few = config(other, prepared, tmp_path / "run", starts=("source+target",), seeds=1, jobs=2)
    folder = compare(replace(few, labels=(1.0,)))
    first = {path: path.stat().st_mtime_ns for path in folder.rglob(METRICS_FILE)}
    assert len(first) == 2
    assert json.loads((folder / "pretrain" / "source+target" / "config.json").read_text())["data"] == [
        str(other / "xsub"),
        str(prepared / "xsub"),
    ]
    compare(replace(few, jobs=1))
    assert {path: path.stat().st_mtime_ns for path in first} == first
    assert len(list(folder.rglob(METRICS_FILE))) == 3
    assert "[3/3] finetune/source+target/balanced-0.5/seed-0 ended" in capsys.readouterr().err
    clips = np.load(other / "xsub" / "train_position.npy")
    np.save(other / "xsub" / "train_position.npy", clips[::-1])
    with pytest.raises(UserError, match=r"the clips, or .*, are no longer those that"):
        compare(replace(few, jobs=1))
    np.save(other / "xsub" / "train_position.npy", clips)
    with pytest.raises(UserError, match=r"another finetune\.batch_size, finetune\.epochs: choose another --out"):
        compare(replace(few, finetune=FinetuneOptions(epochs=3)))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_diverges_is_named_and_a_mended_option_costs_no_pre_training(prepared, other, tmp_path, jobs):
    few = config(other, prepared, tmp_path / "run", starts=("source",), labels=(1.0,), seeds=1, jobs=jobs)
    few = replace(few, finetune=replace(few.finetune, epochs=3))
    fast = replace(few.finetune, optimiser="sgd", learning_rate=1000.0, schedule="step")
    with pytest.raises(UserError, match=r"^finetune/s\w+/all/seed-0: .*: give a lower --finetune\.learning-rate$"):
        compare(replace(few, finetune=fast))
    folder = tmp_path / "run"
    encoder = folder / "pretrain" / "source" / "model.safetensors"
    trained = encoder.stat().st_mtime_ns
    mended = replace(few, finetune=replace(fast, learning_rate=0.1))
    with pytest.raises(UserError, match=r"another finetune\.learning_rate: .* or delete .*finetune, and all else is kept$"):
        compare(mended)
    shutil.rmtree(folder / "finetune")
    compare(mended)
    compare(mended)
    assert encoder.stat().st_mtime_ns == trained
    assert json.loads((folder / "config.json").read_text())["finetune"]["learning_rate"] == 0.1
    # Nothing is linear yet, so that part is free; the encoder is not.
    linear = replace(mended, linear=LinearOptions(epochs=2), protocol=("finetune", "linear"))
    compare(linear)
    assert encoder.stat().st_mtime_ns == trained
    with pytest.raises(
        UserError, match=r"another linear\.epochs, pretrain\.learning_rate: choose another --out, or delete it$"
    ):
        compare(replace(linear, linear=LinearOptions(epochs=3), pretrain=replace(few.pretrain, learning_rate=0.2)))


class Deadly:
    """Ends the process that unpickles it."""

    def __init__(self, out):
        self.out = out

    def __reduce__(self):
        return os._exit, (1,)


def test_a_process_that_dies_gets_one_line(tmp_path):
    with pytest.raises(UserError, match="give fewer --jobs"):
        train_all([Deadly(tmp_path / name) for name in "ab"], "model", 2, tmp_path)


def test_what_few_labels_need_is_read_between_the_points():
    def curve(*means):
        points = zip((0.001, 0.1, 1.0), (5, 50, 500), means)  # of five classes there is at least one clip each
        return Curve("finetune", "source", "balanced", tuple(Point(s, n, (m - 0.1, m + 0.1)) for s, n, m in points))

    assert curve(0.2, 0.4, 0.8).clips_for(0.6) == pytest.approx(500 * 10**-0.5)
    assert curve(0.2, 0.4, 0.8).clips_for(0.4) == pytest.approx(50)
    assert curve(0.5, 0.4, 0.8).clips_for(0.45) == 5
    assert curve(0.2, 0.4, 0.8).clips_for(0.9) is None
    assert str(curve(0.2, 0.4, 0.8).points[1]) == "40.0 ± 14.1"
    full = Point(1.0, 500, (0.6,))
    assert str(full) == "60.0"
    found = Comparison(("a xsub",), "b xsub", 50, full, (curve(0.2, 0.4, 0.8), curve(0.7, 0.8, 0.9), curve(0, 0, 0)), {})
    assert "training part, too" not in found.to_markdown()
    assert (
        "50 clips of the target's validation part, of which 9 are in its training part, too: "
        in replace(found, seen=9).to_markdown()
    )
    rows = [row.split("|")[-2].strip() for row in found.to_markdown().splitlines() if row.startswith("| everything")]
    assert rows == ["31.6 %", "≤ 1 %", "–"]


def test_shares_that_are_the_same_clips_are_one(prepared, other, tmp_path, capsys):
    options = {"labels": (0.01, 0.1, 0.5), "seeds": 1, "starts": ("scratch",)}
    folder = compare(config(other, prepared, tmp_path / "run", **options))
    told = capsys.readouterr()
    assert "note: 1 % label the same clips as 10 %: left out" in told.err
    assert [(p["share"], p["clips"], p["deviation"]) for p in figures(folder)["curves"][0]["points"]] == [
        (0.1, 3, None),
        (0.5, 12, None),
    ]
    assert "one seed" in told.out
    assert "±" not in told.out


def test_few_labels_take_more_epochs_and_all_labels_are_measured_from_scratch(prepared, other, tmp_path):
    trials = plan(config(other, prepared, tmp_path, labels=(0.1,), seeds=1, starts=("source", "target")))
    assert [(t.start, t.selection, t.share) for t in trials] == [
        ("source", "balanced", 0.1),
        ("target", "balanced", 0.1),
        ("scratch", "all", 1.0),
    ]
    folder = compare(config(other, prepared, tmp_path / "run", labels=(0.5,), seeds=1, starts=("scratch",), longer=1.5))
    logs = {p.parent.parent.name: len(p.read_text().splitlines()) for p in (folder / "finetune").rglob("log.jsonl")}
    assert logs == {"balanced-0.5": 2, "all": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": (0.5, 5.0)}, "--labels must lie between 0 and 1, not 5"),
        ({"labels": ()}, "--labels needs at least one value"),
        ({"seeds": 0}, "--seeds must be 1 or more"),
        ({"starts": ("scratch",), "protocol": ("linear",)}, "give other --starts"),
        ({"source": ()}, "--source needs at least one value"),
        ({"linear": LinearOptions(epochs=0)}, "--linear.epochs must be 1 or more, not 0"),
        ({"device": "cuda:7"}, "cannot use --device cuda:7"),
    ],
)
def test_wrong_use_gets_one_line(prepared, other, tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        compare(replace(config(other, prepared, tmp_path / "run"), **options))
    assert not (tmp_path / "run").exists()


def test_sets_that_do_not_go_together_are_refused_before_anything_runs(prepared, other, tmp_path):
    with pytest.raises(UserError, match=r"^--source names .*limbs.* twice: leave one of them out$"):
        compare(replace(config(prepared, other, tmp_path / "run"), source=(prepared, prepared / ".")))
    with pytest.raises(UserError, match="is both source and target"):
        compare(config(prepared, prepared, tmp_path / "run"))
    swapped = {part: load_split(prepared, other_part) for part, other_part in zip(PARTS, PARTS[::-1])}
    save_split(tmp_path / "swapped", swapped, [], {})  # as another protocol of the same set
    with pytest.raises(UserError, match=r"12 of the clips that .*limbs.* is measured on are in the training part of"):
        compare(config(tmp_path / "swapped", prepared, tmp_path / "run"))
    parts = {part: replace(load_split(other, part), clip=AIMCLR) for part in ("train", "val")}
    save_split(tmp_path / "published", parts, [], {})
    with pytest.raises(
        UserError, match=r"made in another way.*gaps interpolate, not zero.*the same --clip of skel-data prepare \(aimclr"
    ) as caught:
        compare(config(tmp_path / "published", prepared, tmp_path / "run"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
    assert np.array_equal(parts["train"].clips, load_split(tmp_path / "published", "train").clips)


@pytest.mark.parametrize(
    ("words", "labels", "selection"),
    [
        ("--labels 0.05,0.5 --selection random,typical", (0.05, 0.5), ("random", "typical")),
        ("--labels=0.05,0.5 1 --selection=random,typical", (0.05, 0.5, 1.0), ("random", "typical")),
        ("--selection random typical --labels 0.05", (0.05,), ("random", "typical")),
        ("--labels=0.05, --selection random,", (0.05,), ("random",)),
    ],
)
def test_lists_are_written_with_blanks_or_commas(words, labels, selection):
    options = _options("compare", COMMANDS["compare"], f"--source a,b --target c --out d {words}".split())
    assert (options.labels, options.selection, options.source) == (labels, selection, (Path("a,b"),))


def test_starts_and_protocols_are_such_lists_too():
    words = "--source a --target b --out c --starts source,scratch --protocol=finetune,linear --labels 0.1"
    options = _options("compare", COMMANDS["compare"], words.split())
    assert (options.starts, options.protocol) == (("source", "scratch"), ("finetune", "linear"))
