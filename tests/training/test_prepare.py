import json
import zipfile

import numpy as np
import pytest

from skel.skeleton.clip import AIMCLR, ClipConfig, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import KINECT20, NTU25, convert
from skel.training.prepare import READERS, prepare_recorded, prepare_synthetic


def zipped(folder):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize("dataset", READERS)
def test_folder_and_zip_give_the_same_clips(dataset, miniature):
    folder = miniature(dataset)
    one, two = (prepare_recorded(dataset, path, ClipConfig()) for path in (folder, zipped(folder)))
    for part in ("train", "val"):
        clips = one.parts[part]
        assert clips.clips.shape == (2, 3, 50, 25, 2)
        assert (clips.clips[..., 0] != 0).any()
        assert not clips.clips[..., 1].any()
        assert clips.split == READERS[dataset].SPLIT
        assert clips.classes == READERS[dataset].CLASSES
        np.testing.assert_array_equal(clips.clips, two.parts[part].clips)
    np.testing.assert_allclose(np.sort(one.parts["train"].durations_s), [12 / 30, 13 / 30])
    assert one.excluded == ()


@pytest.mark.parametrize("config", [ClipConfig(), AIMCLR])
def test_a_clip_is_make_clip_of_its_file(config, miniature):
    folder = miniature("nw-ucla")
    clips = prepare_recorded("nw-ucla", folder, config).parts["val"]
    raw = np.array(json.loads((folder / "all_sqe" / f"{clips.names[0]}.json").read_text())["skeletons"])
    raw[3, 7] = np.nan
    expected = make_clip(convert(raw[:, None], KINECT20, NTU25), None, config)
    np.testing.assert_array_equal(clips.clips[0], expected)


def test_bad_files_are_left_out_and_said(miniature):
    folder = miniature("nw-ucla") / "all_sqe"
    skeletons = json.loads((folder / "a01_s01_e00_v01.json").read_text())["skeletons"]
    (folder / "a02_s01_e00_v01.json").write_text("{")
    (folder / "a02_s01_e01_v01.json").write_text('{"skeletons": []}')
    (folder / "a02_s01_e02_v01.json").write_text(json.dumps({"skeletons": np.zeros((5, 20, 3)).tolist()}))
    (folder / "a02_s01_e03_v01.json").write_text(json.dumps({"skeletons": skeletons[:1]}))
    (folder / "again").mkdir()
    (folder / "again" / "a01_s01_e00_v01.json").write_text(json.dumps({"skeletons": skeletons}))
    prepared = prepare_recorded("nw-ucla", folder.parent, ClipConfig())
    reasons = {item.file: item.reason for item in prepared.excluded}
    assert len(reasons) == 4
    assert "JSON" in reasons["all_sqe/a02_s01_e00_v01.json"]
    assert "expected (T, 20, 3)" in reasons["all_sqe/a02_s01_e01_v01.json"]
    assert reasons["a02_s01_e02_v01"] == "nobody is tracked in it"
    assert reasons["a01_s01_e00_v01"] == "there is another file of this name"
    one_frame = prepared.parts["train"].clips[prepared.parts["train"].names.index("a02_s01_e03_v01"), ..., 0]
    assert (one_frame == one_frame[:, :1]).all()
    assert one_frame.any()


def test_wrong_set_names_the_right_one(miniature):
    with pytest.raises(UserError, match=r"no file of utd-mhad .*looks like nw-ucla"):
        prepare_recorded("utd-mhad", miniature("nw-ucla"), ClipConfig())


def test_folder_of_nothing(tmp_path):
    with pytest.raises(UserError, match=r"no file of nw-ucla \(such as a01_s01_e00_v01\.json\)$"):
        prepare_recorded("nw-ucla", tmp_path, ClipConfig())


def test_half_a_set(miniature):
    folder = miniature("nw-ucla")
    for view in ("v01", "v02"):
        for file in folder.rglob(f"*{view}.json"):
            file.write_text("")
    with pytest.raises(UserError, match=r"no clip for the train part of nw-ucla xview \(2 left out"):
        prepare_recorded("nw-ucla", folder, ClipConfig())


def test_synthetic_gives_as_many_clips_as_asked_for():
    prepared = prepare_synthetic(53, 0, ClipConfig())
    assert [len(prepared.parts[part]) for part in ("train", "val")] == [43, 10]
    again = prepare_synthetic(53, 0, ClipConfig())
    np.testing.assert_array_equal(prepared.parts["val"].clips, again.parts["val"].clips)
    assert not {*prepared.parts["train"].subjects} & {*prepared.parts["val"].subjects}


@pytest.mark.parametrize(("clips", "seed", "match"), [(4, 0, "too few"), (10, -1, "negative")])
def test_synthetic_of_nonsense(clips, seed, match):
    with pytest.raises(UserError, match=match):
        prepare_synthetic(clips, seed, ClipConfig())
