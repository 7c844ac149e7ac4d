"""Without a window, too, actions are named that were taught."""

from dataclasses import replace
from pathlib import Path

from skel.app.cli import run
from skel.app.options import Options
from skel.app.taught import TaughtActions
from skel.sensors.synthetic import perform
from skel.skeleton.recording import save_recording

LABEL = "of my own"


def test_headless_names_what_was_taught(tmp_path: Path, capsys):
    script = ("arms cross",)
    taught = TaughtActions(tmp_path / "taught")
    shown = perform(seed=2, duration_s=20.0, script=script, fps=15.0)
    for segment in shown.segments[:3]:
        taught.add_correction(shown, replace(segment, label=LABEL))
    save_recording(tmp_path / "take.npy", perform(seed=9, duration_s=8.0, script=script, fps=15.0))
    options = Options(source=tmp_path / "take.npy", headless=True, device="cpu", taught=taught.folder)
    run(options)
    assert LABEL in capsys.readouterr().out
    (taught.folder / "of_my_own" / "of_my_own_01.json").unlink()
    run(options)
    assert "warning: an example is left out" in capsys.readouterr().err
