from dataclasses import replace

import numpy as np
import pytest
from raw_files import unfinish

from skel.sensors.synthetic import perform
from skel.skeleton.clip import AIMCLR, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Segment, save_recording
from skel.training.config import FinetuneConfig
from skel.training.dataset import load_split, save_split
from skel.training.finetune import finetune
from skel.training.join import load_joined
from skel.training.report import report_of


@pytest.fixture
def recordings(tmp_path):
    """What teaching leaves behind: four takes of two actions, a segment each."""
    for number, action in enumerate(["wave", "kick it"]):
        for take in range(4):
            recording = replace(perform(10 * number + take, 3.0), segments=(Segment(0.5, 2.5, action),))
            name = action.replace(" ", "_")
            save_recording(tmp_path / "taught" / name / f"{name}_{take + 1:02d}.npy", recording)
    (tmp_path / "taught" / ".embeddings").mkdir()
    np.savez(tmp_path / "taught" / ".embeddings" / "x.npz", a=1)
    return tmp_path / "taught"


def test_recordings_are_a_set(recordings):
    train, val = (load_joined([recordings], part) for part in ("train", "val"))
    assert train.classes == val.classes == ("kick it", "wave")
    assert (len(train), len(val)) == (6, 2)
    assert sorted(val.labels) == [0, 1]
    assert not set(train.names) & set(val.names)
    recording = perform(0, 3.0)
    inside = slice(15, 75)
    expected = make_clip(recording.positions_m[inside], recording.times_s[inside], train.clip)
    np.testing.assert_array_equal(train.clips[train.names.index("wave_wave_01_000")], expected)


def test_they_go_with_prepared_sets_and_follow_their_clips(recordings, prepared, tmp_path):
    both = load_joined([recordings, prepared], "train")
    assert both.classes == ("kick it", "wave", "arm lift", "arm swing", "arm push")
    assert both.dataset == "recordings+limbs"
    parts = {part: replace(load_split(prepared, part), clip=AIMCLR) for part in ("train", "val")}
    save_split(tmp_path / "aimclr", parts, [], {})
    assert load_joined([recordings, tmp_path / "aimclr"], "val").clip == AIMCLR


def test_fine_tuning_takes_them_as_they_are(recordings, tmp_path):
    run = finetune(FinetuneConfig((recordings,), tmp_path / "run", channels=4, epochs=1, batch_size=4, device="cpu"))
    assert report_of(run).count == 2


def test_too_few_are_refused_in_one_line(tmp_path):
    recording = replace(perform(0, 3.0), segments=(Segment(0.5, 2.5, "wave"),))
    save_recording(tmp_path / "taught" / "wave" / "wave_01.npy", recording)
    with pytest.raises(UserError, match=r"taught cannot be learned from: there is no clip for the val") as caught:
        load_joined([tmp_path / "taught"], "train")
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("two recordings") == 1


def test_what_is_left_out_or_cut_short_is_said_once(recordings, capsys):
    finished = recordings / "wave" / "wave_04.npy"
    unfinish(finished)
    (recordings / "wave" / "wave_05.npy").write_bytes(b"")
    train, val = (load_joined([recordings], part) for part in ("train", "val"))
    assert "wave_wave_04" in (*train.names, *val.names)
    assert capsys.readouterr().err.splitlines() == [
        "left out wave/wave_05.npy: is not a .npy file: save it again with numpy.save",
        "90 frames recovered of a recording that was cut short (wave/wave_04.unfinished)",
    ]


def test_a_file_in_place_of_a_folder_is_refused_as_what_it_is(recordings):
    path = recordings / "wave" / "wave_01.npy"
    with pytest.raises(UserError, match=r"wave_01\.npy is a file: give the folder of a prepared set"):
        load_joined([path], "train")


def test_a_folder_without_recordings_is_refused_as_before(tmp_path):
    with pytest.raises(UserError, match="holds no prepared set"):
        load_joined([tmp_path], "train")
