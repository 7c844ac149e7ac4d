"""Without a window, too, actions are named that were taught."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from skel.app import cli
from skel.app.options import Options
from skel.app.taught import TaughtActions
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.recording import save_recording

LABEL, SCRIPT = "of my own", ("arms cross",)


@pytest.fixture
def taught(tmp_path: Path) -> TaughtActions:
    taught = TaughtActions(tmp_path / "taught")
    shown = perform(seed=2, duration_s=20.0, script=SCRIPT, fps=15.0)
    for segment in shown.segments[:3]:
        taught.add_correction(shown, replace(segment, label=LABEL))
    return taught


@pytest.fixture
def options(taught: TaughtActions, tmp_path: Path) -> Options:
    save_recording(tmp_path / "take.npy", perform(seed=9, duration_s=5.0, script=SCRIPT, fps=15.0))
    return Options(source=tmp_path / "take.npy", headless=True, device="cpu", taught=taught.folder)


def test_both_models_name_what_was_taught(options: Options, tmp_path: Path, capsys):
    cli.run(replace(options, compare=shutil.copy(DEFAULT_MODEL, tmp_path / "other.onnx")))
    default, other = capsys.readouterr().out.split("Recognised actions: ")[1:]
    assert LABEL in default
    assert LABEL in other


def test_an_example_that_is_left_out_is_said(options: Options, taught: TaughtActions, capsys):
    (taught.folder / "of_my_own" / "of_my_own_01.json").unlink()
    cli.run(options)
    out, err = capsys.readouterr()
    assert LABEL in out
    assert "warning: an example is left out" in err


def test_a_folder_in_which_nothing_is_taught_is_said(options: Options, tmp_path: Path, capsys):
    (tmp_path / "empty").mkdir()
    cli.run(replace(options, taught=tmp_path / "empty"))
    assert f"warning: there is no taught action in {tmp_path / 'empty'}\n" in capsys.readouterr().err


def test_a_rival_that_cannot_be_taught_is_said(taught: TaughtActions, capsys):
    stranger = OnnxModel(DEFAULT_MODEL, "cpu")
    stranger.bundle = replace(stranger.bundle, clip=replace(stranger.bundle.clip, layout="KINECT20"))
    assert cli._rival(stranger, taught).taught is None
    assert "which default.onnx cannot learn: no conversion from layout" in capsys.readouterr().err
    with pytest.raises(UserError, match="no conversion"):  # of the model that is to name them it is an error
        taught.classifier(stranger)
