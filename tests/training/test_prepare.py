import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from raw_files import write_ntu

from skel.sensors.synthetic import perform
from skel.skeleton.clip import AIMCLR, ClipConfig, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import KINECT20, NTU25, convert
from skel.skeleton.recording import load_recording, save_recording
from skel.training.dataset import PARTS, load_meta, load_split
from skel.training.prepare import prepare
from skel.training.raw import Options
from skel.training.set_report import describe
from skel.training.sources import READERS, Performed, Recorded

DEFAULT = ClipConfig()


def zipped(folder):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    return path


def recorded(dataset, *raw, **options):
    return Recorded(dataset, raw, Options(**options))


def prepared(dataset, raw, out, config=DEFAULT, jobs=1, **options):
    return prepare(recorded(dataset, raw, **options), out, config, {}, jobs=jobs)


def contents(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("dataset", sorted(set(READERS) - {"recordings"}))
def test_folder_and_zip_give_the_same_clips(dataset, miniature, tmp_path):
    folder = miniature(dataset)
    if dataset.startswith("utd"):
        pytest.importorskip("scipy.io")
    for name, raw in (("one", folder), ("two", zipped(folder))):
        (tmp_path / name).mkdir()
        prepared(dataset, raw, tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    for split in READERS[dataset].splits:
        for part in PARTS:
            clips = load_split(tmp_path / "one" / split, part)
            assert len(clips) >= 2
            assert clips.classes == READERS[dataset].classes
            assert (clips.clips[..., 0] != 0).any(axis=(1, 2, 3)).all()
            assert (clips.dataset, clips.split) == (dataset, split)


@pytest.mark.parametrize("config", [ClipConfig(), AIMCLR])
def test_a_clip_is_make_clip_of_its_file(config, miniature, tmp_path):
    folder = miniature("nw-ucla")
    (one,) = prepared("nw-ucla", folder, tmp_path / "out", config)
    clips = load_split(one.folder, "val")
    raw = np.array(json.loads((folder / "all_sqe" / f"{clips.names[0]}.json").read_text())["skeletons"])
    raw[3, 7] = np.nan
    expected = make_clip(convert(raw[:, None], KINECT20, NTU25), None, config)
    np.testing.assert_array_equal(clips.clips[0], expected)
    np.testing.assert_allclose(np.sort(clips.durations_s), [14 / 30, 15 / 30], atol=1e-4)


def test_bad_files_are_left_out_and_said(miniature, tmp_path):
    folder = miniature("nw-ucla") / "all_sqe"
    skeletons = json.loads((folder / "a01_s01_e00_v01.json").read_text())["skeletons"]
    (folder / "a02_s01_e00_v01.json").write_text("{")
    (folder / "a02_s01_e01_v01.json").write_text('{"skeletons": []}')
    (folder / "a02_s01_e02_v01.json").write_text(json.dumps({"skeletons": np.zeros((5, 20, 3)).tolist()}))
    (folder / "a02_s01_e03_v01.json").write_text(json.dumps({"skeletons": skeletons[:1]}))
    (folder / "again").mkdir()
    (folder / "again" / "a01_s01_e00_v01.json").write_text(json.dumps({"skeletons": skeletons}))
    (one,) = prepared("nw-ucla", folder.parent, tmp_path / "out")
    reasons = {item.file: item.reason for item in one.excluded}
    assert len(reasons) == 4
    assert "JSON" in reasons["all_sqe/a02_s01_e00_v01.json"]
    assert "expected (T, 20, 3)" in reasons["all_sqe/a02_s01_e01_v01.json"]
    assert reasons["a02_s01_e02_v01"] == "nobody is tracked in it"
    assert reasons["a01_s01_e00_v01"] == "there is another file of this name"
    assert json.loads((one.folder / "meta.json").read_text())["excluded_count"] == 4
    train = load_split(one.folder, "train")
    one_frame = train.clips[train.names.index("a02_s01_e03_v01"), ..., 0]
    assert (one_frame == one_frame[:, :1]).all()
    assert one_frame.any()


def test_wrong_set_names_the_right_one(miniature, tmp_path):
    with pytest.raises(UserError, match=r"no file of utd-mhad .*looks like nw-ucla"):
        prepared("utd-mhad", miniature("nw-ucla"), tmp_path / "out")


def test_folder_of_nothing(tmp_path):
    with pytest.raises(UserError, match=r"no file of nw-ucla \(such as a01_s01_e00_v01\.json\)$"):
        prepared("nw-ucla", tmp_path, tmp_path / "out")


def test_half_a_set(miniature, tmp_path):
    folder = miniature("nw-ucla")
    for view in ("v01", "v02"):
        for file in folder.rglob(f"*{view}.json"):
            file.write_text("")
    with pytest.raises(UserError) as caught:
        prepared("nw-ucla", folder, tmp_path / "out")
    assert str(caught.value) == (
        "there is no clip for the train part of nw-ucla xview (2 left out, such as all_sqe/a01_s01_e00_v01.json: "
        "is not a JSON object with skeletons (Expecting value: line 1 column 1 (char 0))): give the whole set"
    )


def test_half_a_set_names_the_protocols_that_can_be_prepared(tmp_path):
    write_ntu(tmp_path / "raw", cameras=(1,))
    with pytest.raises(UserError) as caught:
        prepared("ntu60", tmp_path / "raw", tmp_path / "out")
    assert str(caught.value) == (
        "there is no clip for the train part of ntu60 xview: give the whole set, or prepare only what there is: --split xsub"
    )
    (one,) = prepare(recorded("ntu60", tmp_path / "raw"), tmp_path / "out", DEFAULT, {}, ["xsub"])
    assert one.folder.name == "xsub"


def test_one_protocol_of_several(miniature, tmp_path):
    raw = miniature("ntu60")
    (one,) = prepare(recorded("ntu60", raw), tmp_path / "out", ClipConfig(), {}, ["xview"])
    assert one.folder.name == "xview"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["xview"]
    with pytest.raises(UserError, match="no protocol xset: it has xsub, xview"):
        prepare(recorded("ntu60", raw), tmp_path / "out", ClipConfig(), {}, ["xset"])


def test_two_archives_are_one_set(tmp_path):
    for name, setup in (("old", 1), ("new", 18)):
        write_ntu(tmp_path / name, (setup,), cameras=(1,))
    raw = zipped(tmp_path / "old"), tmp_path / "new"
    both = prepare(recorded("ntu120", *raw), tmp_path / "out", ClipConfig(), {})
    assert [one.folder.name for one in both] == ["xsub", "xset"]
    assert {name[:4] for name in both[1].parts["train"].names} == {"S018"}
    assert {name[:4] for name in both[1].parts["val"].names} == {"S001"}


def test_names_to_exclude(miniature, tmp_path):
    first, *_ = prepared("ntu60", miniature("ntu60"), tmp_path / "out", exclude=("S001C001P001R001A001",))
    assert [(Path(item.file).stem, item.reason) for item in first.excluded] == [
        ("S001C001P001R001A001", "the list of --exclude names it")
    ]
    assert len(first.parts["train"].names) == 3


@pytest.mark.parametrize("people", ["tracked", "reference"])
def test_the_set_says_who_is_in_its_clips(miniature, tmp_path, people):
    for one in prepared("pku-mmd", miniature("pku-mmd"), tmp_path / "several", people=people):
        assert load_meta(one.folder)["people"] == describe(one.folder)["people"] == people
    (one,) = prepared("nw-ucla", miniature("nw-ucla"), tmp_path / "single")
    assert "people" not in load_meta(one.folder)


def test_continuous_recordings_lie_beside_the_clips(miniature, tmp_path):
    (one,) = prepared("precog", miniature("precog"), tmp_path / "out", pauses=True)
    assert sorted(p.name for p in (one.folder / "recordings" / "val").iterdir()) == ["Seq1_9.json", "Seq1_9.npy"]
    take = load_recording(one.folder / "recordings" / "train" / "Seq1_1.npy")
    assert [(round(s.start_s * 30), round(s.end_s * 30), s.label) for s in take.segments] == [
        (40, 70, "action 3"),
        (90, 120, "action 8"),
    ]
    train = load_split(one.folder, "train")
    assert [train.classes[label] for label in train.labels] == ["action 3", "action 8", "idle"]
    expected = make_clip(convert(take.positions_m[40:70], KINECT20, NTU25), take.times_s[40:70], ClipConfig())
    np.testing.assert_array_equal(train.clips[0], expected)


def test_of_two_files_of_one_name_the_first_counts_with_its_clips_and_recording(miniature, tmp_path):
    first = miniature("precog")
    (path,) = first.rglob("Seq1_1.csv")
    (tmp_path / "second").mkdir()
    rows = path.read_text().splitlines()
    (tmp_path / "second" / path.name).write_text("\n".join([rows[0], *rows[31:]]))
    (one,) = prepare(recorded("precog", first, tmp_path / "second"), tmp_path / "out", DEFAULT, {})
    take = load_recording(one.folder / "recordings" / "train" / "Seq1_1.npy")
    assert len(take.times_s) == len(rows) - 1
    assert sorted(p.name for p in (one.folder / "recordings" / "train").iterdir()) == ["Seq1_1.json", "Seq1_1.npy"]
    clips = load_split(one.folder, "train")
    np.testing.assert_array_equal(
        clips.clips[0], make_clip(convert(take.positions_m[40:70], KINECT20, NTU25), take.times_s[40:70], DEFAULT)
    )


def test_own_recordings_are_cut_and_spread(miniature, tmp_path):
    folder = miniature("recordings")
    (one,) = prepared("recordings", folder, tmp_path / "out", train_share=0.5)
    train, val = (load_split(one.folder, part) for part in PARTS)
    assert train.classes == ("clap", "jump", "wave")
    assert {name[:6] for name in train.names} == {"take_0", "take_2", "jump 0", "jump 2"}
    assert len([name for name in val.names if name.startswith("jump")]) == 2
    assert (one.folder / "recordings" / "val" / "take_1.npy").is_file()


def test_recordings_of_several_folders_of_one_name_are_all_read(tmp_path):
    for person in ("A", "B"):
        for number in range(2):
            save_recording(tmp_path / person / "rec" / f"take_{number}", perform(number, 6, script=("wave",)))
    (one,) = prepare(recorded("recordings", tmp_path / "A" / "rec", tmp_path / "B" / "rec"), tmp_path / "out", DEFAULT, {})
    names = {name for part in PARTS for name in one.parts[part].names}
    assert {name.rpartition("_")[0] for name in names} == {f"{who}_rec_take_{n}" for who in "AB" for n in range(2)}
    assert not one.excluded
    assert len(list((one.folder / "recordings").rglob("*.npy"))) == 4


def test_own_recordings_that_would_be_called_the_same_are_refused(tmp_path):
    for name in ("a/b", "a_b"):
        save_recording(tmp_path / "raw" / name, perform(0, 6, script=("wave",)))
    with pytest.raises(UserError, match=r"a/b\.npy and a_b\.npy in .*raw would both be called a_b: rename one") as caught:
        prepared("recordings", tmp_path / "raw", tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_own_recordings_say_who_does_what_and_last_as_long_as_they_did(tmp_path):
    for number, subject in enumerate((3, "4", "Ann", None)):
        take = perform(number, 2)
        path = tmp_path / "raw" / f"take_{number}.npy"
        save_recording(path, replace(take, times_s=take.times_s * 2))  # half of the frames that the sensor should give
        side = path.with_suffix(".json")
        side.write_text(json.dumps({**json.loads(side.read_text()), "segments": [], "label": "wave", "subject": subject}))
    (one,) = prepared("recordings", tmp_path / "raw", tmp_path / "out", train_share=0.5)
    clips = [load_split(one.folder, part) for part in PARTS]
    assert clips[0].classes == ("wave",)
    assert sorted(int(subject) for part in clips for subject in part.subjects) == [-1, -1, 3, 4]
    expected = (len(take) - 1) / 15 + 1 / 30
    np.testing.assert_allclose(np.concatenate([part.durations_s for part in clips]), expected, atol=1e-4)


def test_synthetic_gives_as_many_clips_as_asked_for(tmp_path):
    for name in ("one", "two"):
        (one,) = prepare(Performed(53, 0), tmp_path / name, ClipConfig(), {})
    assert [len(one.parts[part].names) for part in PARTS] == [43, 10]
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert not {*one.parts["train"].subjects} & {*one.parts["val"].subjects}


@pytest.mark.parametrize(("clips", "seed", "match"), [(4, 0, "too few"), (10, -1, "negative")])
def test_synthetic_of_nonsense(clips, seed, match):
    with pytest.raises(UserError, match=match):
        Performed(clips, seed)
