"""Own recordings: what their names and descriptions say, which side they are on, and that this lasts."""

import json
import pickle
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from raw_files import unfinish

from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.journal import SUFFIX, Heading, Journal
from skel.skeleton.recorder import new_path
from skel.skeleton.recording import Segment, save_recording
from skel.training.dataset import PARTS, UNLABELLED, load_split
from skel.training.raw import BadRecording, Options, RawClip, RawFiles, Remark, Untrimmed
from skel.training.readers.recordings import READER, earlier_sides
from skel.training.report import protocol_of, report_of
from skel.training.splits import read_names


def read(folder, **options):
    """{file: what it gives}."""
    with RawFiles(folder) as files:
        opened = READER.open(files, Options(**options))
        return {name: list(opened.read(name)) for name in opened.names}


def sides(folder, **options):
    """{clip: (part, label)}."""
    clips = [found for of_file in read(folder, **options).values() for found in of_file if isinstance(found, RawClip)]
    return {clip.name: (clip.parts["own"], clip.label) for clip in clips}


def bare(folder, *names):
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        np.save(folder / f"{name}.npy", perform(number, 0.5).positions_m)


def describe(path, **fields):
    path.write_text(json.dumps({"schema": 1, "layout": "NTU25", "fps": 30, **fields}))


def test_a_name_is_a_label_unless_told_otherwise(tmp_path):
    bare(tmp_path, "wave_01", "wave_02", "take_03")
    describe(tmp_path / "take_03.json", label="clap")
    assert [label for _, label in sides(tmp_path).values()] == ["clap", "wave", "wave"]
    assert [label for _, label in sides(tmp_path, unlabelled=True).values()] == ["clap", UNLABELLED, UNLABELLED]


def test_date_and_time_are_no_label_and_that_is_said(tmp_path):
    named = [new_path(tmp_path).stem, "2026-11-23_15-48-11", "2026-11-23_15-48-11-2", "2026-11-23"]
    bare(tmp_path, *named, "2026-11-23 wave", "2026-11-23_15-48-12")
    describe(tmp_path / "2026-11-23_15-48-12.json", segments=[{"start_s": 0, "end_s": 1, "label": "wave"}])
    found = read(tmp_path)
    labels = {found.name: found.label for of_file in found.values() for found in of_file if isinstance(found, RawClip)}
    assert [labels.pop(name) for name in named] == [UNLABELLED] * 4
    assert sorted(labels.values()) == ["2026-11-23 wave", "wave"]
    said = {name for name, of_file in found.items() for one in of_file if isinstance(one, Remark) and "time" in one.what}
    assert said == {f"{name}.npy" for name in named}
    asked_for = [one for of_file in read(tmp_path, unlabelled=True).values() for one in of_file if isinstance(one, Remark)]
    assert not any("time" in one.what for one in asked_for)


def test_what_is_assumed_of_a_bare_file_is_said_alike_of_all(tmp_path):
    bare(tmp_path, "wave_01", "wave_02")
    np.save(tmp_path / "wave_02.npy", perform(0, 1.0).positions_m)  # longer
    describe(tmp_path / "wave_02.json")
    bare(tmp_path, "wave_03")
    said = {name: [one.what for one in of_file if isinstance(one, Remark)] for name, of_file in read(tmp_path).items()}
    assumed = ["assumed: frames, bodies, joints, xyz, NTU25, 30 frames a second, metres"]
    assert said == {"wave_01.npy": assumed, "wave_02.npy": [], "wave_03.npy": assumed}


def test_the_frame_rate_is_that_of_files_that_do_not_say_it(tmp_path):
    bare(tmp_path, "wave_01", "wave_02")
    describe(tmp_path / "wave_02.json")
    save_recording(tmp_path / "wave_03", perform(0, 0.5))
    unfinish(tmp_path / "wave_03.npy")
    found = read(tmp_path, fps=15.0)
    assert {name: of_file[-1].fps for name, of_file in found.items()} == {
        "wave_01.npy": 15.0,
        "wave_02.npy": 30.0,
        f"wave_03{SUFFIX}": 30.0,
    }
    for wrong in (0.0, -3.0, float("nan")):
        with pytest.raises(UserError, match="--fps must be positive"):
            read(tmp_path, fps=wrong)


def test_a_recording_that_was_cut_short_is_read_once_as_far_as_it_goes(tmp_path):
    for name in ("wave_01", "wave_02"):
        save_recording(tmp_path / name, perform(0, 0.5))
    unfinish(tmp_path / "wave_01.npy")
    journal = Journal(tmp_path / f"wave_02{SUFFIX}", Heading("NTU25", 30.0, "", after=15))
    journal.append(100.0, [0], perform(1, 0.1).positions_m[0])
    journal.close()
    found = read(tmp_path)
    assert list(found) == [f"wave_01{SUFFIX}", "wave_02.npy"]
    said, clip = found[f"wave_01{SUFFIX}"]
    assert said.what == "15 frames recovered of a recording that was cut short"
    assert (clip.name, clip.label, len(clip.positions_m)) == ("wave_01", "wave", 15)
    said, *clips = found["wave_02.npy"]
    assert said.what == "1 frames recovered of a recording that was cut short"
    assert isinstance(clips[0], Untrimmed | RawClip)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a .npy file: save it again with numpy.save"),
        (b"\x93NUMPY", "is cut short or damaged: save it again with numpy.save"),
    ],
)
def test_a_reason_does_not_name_the_file_again(tmp_path, content, reason):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "wave.1.npy").write_bytes(content)
    with pytest.raises(BadRecording) as caught:
        read(tmp_path)
    assert str(caught.value) == reason


def test_a_damaged_description_costs_its_recording_alone(tmp_path):
    bare(tmp_path, "wave_01")
    (tmp_path / "wave_01.json").write_text("[" * 100_000)
    with pytest.raises(BadRecording, match="is not a recording's description"):
        read(tmp_path)


def test_a_recording_without_a_frame_is_left_out(tmp_path):
    Journal(tmp_path / f"wave_01{SUFFIX}", Heading("NTU25", 30.0, "")).close()
    with pytest.raises(BadRecording, match=r"^was cut short before its first frame: delete it$"):
        read(tmp_path)


def test_what_is_settled_stays_and_the_others_make_up_the_share(tmp_path):
    bare(tmp_path, *(f"wave_{n}" for n in range(6)))
    settled = {"wave_1": "val", "wave_3": "val", "gone": "train"}
    spread = [part for part, _ in sides(tmp_path, train_share=0.5, sides=settled).values()]
    assert spread == ["train", "val", "train", "val", "train", "val"]
    assert [part for part, _ in sides(tmp_path, train_share=0.5).values()] == ["train", "val"] * 3
    (tmp_path / "val").mkdir()
    (tmp_path / "wave_0.npy").rename(tmp_path / "val" / "wave_0.npy")
    assert sides(tmp_path, sides={"val_wave_0": "train"})["val_wave_0"] == ("val", "wave"), "a folder says it louder"


def test_sides_are_those_of_recordings_whole_or_cut(tmp_path, miniature):
    from skel.skeleton.clip import ClipConfig
    from skel.training.prepare import prepare
    from skel.training.sources import Recorded

    raw = miniature("recordings")
    save_recording(raw / "P1" / "take", replace(perform(9, 2), segments=(Segment(0.5, 1.5, "wave"),)))
    assert earlier_sides(tmp_path / "out") == {}
    prepare(Recorded("recordings", (raw,)), tmp_path / "out", ClipConfig(), {})
    found = earlier_sides(tmp_path / "out")
    stems = {path.relative_to(raw).with_suffix("").as_posix().replace("/", "_") for path in raw.rglob("*.npy")}
    assert stems <= set(found)
    assert {name: part for name, (part, _) in sides(raw).items()}.items() <= found.items()
    assert found["P1_take"] == found["P1_take_000"]
    (tmp_path / "out" / "own" / "val_label.pkl").write_bytes(pickle.dumps(["P1_take"]))
    with pytest.raises(UserError, match=r"val_label\.pkl does not hold names and labels: give another --out"):
        earlier_sides(tmp_path / "out")


@pytest.fixture
def command(monkeypatch, capsys):
    """Run a command of ours: what it says on standard output and standard error."""

    def run(program, *arguments):
        from skel.training import cli, data_cli

        monkeypatch.setattr("sys.argv", [program, *map(str, arguments)])
        with suppress(SystemExit):
            {"skel-data": data_cli, "skel-train": cli}[program].main()
        out, err = capsys.readouterr()
        return out.replace("\n", " "), err

    return run


SHOWN = ("wave", "clap", "throw")


@pytest.fixture
def unlabelled(tmp_path):
    """Twelve recordings of three actions, of which no name tells which."""
    (tmp_path / "recordings").mkdir()
    for n in range(12):
        path = tmp_path / "recordings" / f"take_{n:02d}.npy"
        positions_m = perform(n, 1.5, script=(SHOWN[n % 3],)).positions_m
        if n % 2:  # as a sensor's export may be, or as skel-app writes it
            np.save(path, positions_m[:, 0])
        else:
            save_recording(path, replace(perform(n, 1.5, script=(SHOWN[n % 3],)), segments=()))
    return tmp_path / "recordings"


def label(path):
    """As docs/adaptation.md has it."""
    shown = SHOWN[int(path.stem[-2:]) % 3]
    if path.is_file():
        text = path.read_text()
        path.write_text(f'{{"label": "{shown}", {text.removeprefix("{")}')
    else:
        path.write_text(f'{{"schema": 1, "layout": "NTU25", "fps": 30, "label": "{shown}"}}')


def test_from_recordings_without_labels_to_a_recogniser(unlabelled, tmp_path, command):
    """The commands of docs/adaptation.md, in its order."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    from skel.training.checkpoint import load_model
    from skel.training.labelled import LABELLED_FILE

    own, movement, chosen = tmp_path / "sets" / "mine", tmp_path / "movement", tmp_path / "to-label.json"
    small = ("--epochs", 1, "--device", "cpu")
    prepare = ("skel-data", "prepare", "recordings", "--raw", unlabelled, "--out", own, "--unlabelled")
    learn = ("skel-train", "finetune", "--data", own, "--init", movement, *small)
    said, err = command(*prepare)
    assert "8, 8 without a label" in said
    assert err.splitlines() == [
        "assumed: frames, joints, xyz, NTU25, 30 frames a second, metres (take_01.npy and 5 more)",
        "warning: 4 clips of val have no label, so they measure nothing: take_01, take_05, take_08, take_11",
    ]
    command("skel-train", "pretrain", "--data", own, "--out", movement, "--channels", 2, *small)
    command("skel-train", "select", "--data", own, "--init", movement, "--budget", 4, "--out", chosen, "--device", "cpu")
    names = json.loads(chosen.read_text())
    before = {part: load_split(own, part) for part in PARTS}
    assert set(names) < set(before["train"].names)

    assert "no clip of the train part of recordings own has a label" in command(*learn, "--out", tmp_path / "too-early")[1]
    for name in names:
        label(unlabelled / f"{name}.json")
    said, _ = command(*prepare)
    assert f"recordings that {own} has already stay on their side" in said
    learn = (*learn, "--labels", chosen, "--out", tmp_path / "mine")
    assert "no clip of the val part of recordings own has a label" in command(*learn)[1]
    for name in ("take_01", "take_05"):
        label(unlabelled / f"{name}.json")
    _, err = command(*prepare)
    assert err.endswith("2 clips of val have no label, so they measure nothing: take_08, take_11\n")
    after = {part: load_split(own, part) for part in PARTS}
    for part in PARTS:
        assert before[part].names == after[part].names

    said, err = command(*learn)
    assert "recogniser in" in said, err
    shown = {SHOWN[int(name[-2:]) % 3] for name in (*names, "take_01", "take_05")}
    assert load_model(tmp_path / "mine")[1].classes == tuple(sorted(shown))
    assert report_of(tmp_path / "mine").count == 2
    assert sorted(read_names(tmp_path / "mine" / LABELLED_FILE)) == sorted(names)
    _, err = command(*learn[:-1], tmp_path / "taught", "--teachers", tmp_path / "mine")
    assert "4 clips without a label named by 1 run" in protocol_of(tmp_path / "taught"), err
