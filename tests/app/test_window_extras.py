"""Latency that is seen, the whole screen, the first steps, and a screen with twice the pixels."""

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from window_driver import at_the_sizes, key, shot

from skel.app import texts
from skel.app.latency import Latency, LatencyMeter
from skel.app.pipeline import Snapshot
from skel.app.session import Source
from skel.app.settings import Settings
from skel.app.timing import Recent, Spread, spread
from skel.app.window import MainWindow
from skel.models.pretrained import DEFAULT_MODEL, DEMO_RECORDING
from skel.models.runtime import OnnxModel
from skel.sensors.synthetic import SyntheticSensor


class Camera(SyntheticSensor):
    """Finds its skeletons, and knows how late its pictures are."""

    mode = "found in pictures"
    latency_ms = 20.0


def test_the_latency_is_shown_and_remembered(window: MainWindow, model: OnnxModel, settings: Settings, qtbot):
    panel = window.space.latency
    assert not panel.isVisible()
    key(qtbot, window, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert panel.isVisible()
    assert settings.shows_latency
    assert window.space.status.latency.isChecked()
    assert dict(panel.columns)["sensor"] == "–"
    window.open_source(Source("camera", Camera))
    qtbot.waitUntil(lambda: any(state.top for state in window.display.people), timeout=30_000)
    window.refresh()
    figures = dict(panel.columns)
    assert figures["sensor"] == "20 | 20 ms"
    assert "–" not in (figures["pose"], figures["window"], figures["model"], figures["screen"], figures["picture's age"])
    at_the_sizes(window, "latency")
    qtbot.mouseClick(window.space.status.latency, Qt.MouseButton.LeftButton)
    assert not panel.isVisible()


def test_a_recording_brings_its_skeletons_and_knows_no_exposure(playing: MainWindow, qtbot):
    playing.latency.toggle()
    playing.session.playable.paused = False
    qtbot.waitUntil(lambda: len(playing.latency.meter.painted_ms) > 3, timeout=30_000)
    playing.refresh()
    figures = dict(playing.space.latency.columns)
    assert figures["sensor"] == figures["pose"] == "–"


def test_only_the_frame_that_is_shown_with_its_own_prediction_counts(playing: MainWindow, qtbot):
    """What was painted is the snapshot's own frame, and labels beside it come from the same snapshot."""
    painted = []
    playing.space.stage.painted.connect(lambda frame: painted.append((frame, playing.display.shown)))
    playing.session.playable.paused = False
    qtbot.waitUntil(lambda: len(painted) > 20, timeout=30_000)
    for frame, shown in painted:
        assert shown.frame is frame
        assert all(prediction.time_s == frame.time_s for prediction in shown.predictions)


def test_the_parts_of_the_age_add_up(playing: MainWindow):
    shown = playing.display.shown
    meter = LatencyMeter()
    meter.painted(Snapshot(shown.frame, shown.predictions, shown.labelled_s))
    stats = playing.session.pipeline.stats()
    latency = meter.read(stats)
    recognising_ms = shown.predictions[0].latency_ms if shown.predictions else 0.0
    parts_ms = latency.waiting.median + latency.screen.median + recognising_ms
    assert abs(parts_ms - latency.age.median) < 1e-6
    playing.space.latency.show_latency(Latency(age=Spread(60, 80), model=Spread(20, 30), screen=Spread(40, 50)))
    assert playing.space.latency.bars() == [("model", 0.0, 0.25), ("screen", 0.25, 0.75)]


def test_spreads():
    assert spread([]) is None
    assert spread([3.0, 1.0]) == (2.0, 3.0)
    assert spread([float(n) for n in range(1, 101)]) == (50.5, 95.0)
    recent = Recent(span_s=5.0)
    assert (recent.spread(), recent.median()) == (None, 0.0)


def test_the_whole_screen_shows_people_and_what_they_do(playing: MainWindow, qtbot):
    space = playing.space
    playing.exhibit.enter()
    assert playing.isFullScreen()
    assert space.stage.isVisible()
    assert space.panel.isVisible()
    for part in (space.header, space.timeline, space.transport, space.status):
        assert not part.isVisible()
    playing.display.start_over()
    assert not space.transport.isVisible()  # whatever the source
    playing.report(ValueError("something"))
    assert space.banner.isVisible()  # what goes wrong is still said
    space.banner.hide()
    width = space.panel.width()
    shot(playing, "exhibit")
    key(qtbot, playing, Qt.Key.Key_Escape)
    assert not playing.isFullScreen()
    assert space.header.isVisible()
    assert space.transport.isVisible()
    assert space.panel.width() < width
    key(qtbot, playing, Qt.Key.Key_F11)
    assert playing.isFullScreen()
    key(qtbot, playing, Qt.Key.Key_F11)
    assert not playing.isFullScreen()


def test_the_first_steps_are_shown_until_dismissed(window: MainWindow, model: OnnxModel, settings: Settings, qtbot):
    assert not window.space.hint.isVisible()
    settings.hint_seen = False
    new = MainWindow(model, settings)
    qtbot.addWidget(new)
    new.resize(1280, 800)
    new.show()
    hint = new.space.hint
    assert hint.isVisible()
    at_the_sizes(new, "first-steps")
    qtbot.mouseClick(hint.buttons[0], Qt.MouseButton.LeftButton)
    assert texts.DEMO_RECORDING in new.space.header.text
    qtbot.mouseClick(hint.buttons[3], Qt.MouseButton.LeftButton)
    assert new._help.isVisible()
    new._help.close()
    assert hint.isVisible()  # whatever was tried
    qtbot.mouseClick(hint._close, Qt.MouseButton.LeftButton)
    assert not hint.isVisible()
    assert settings.hint_seen
    new.close()


def test_a_screen_with_twice_the_pixels(tmp_path: Path):
    code = (
        "import sys\n"
        "from skel.app.picture import render_demo_picture\n"
        f"render_demo_picture(sys.argv[1], {str(DEMO_RECORDING)!r}, {str(DEFAULT_MODEL)!r})"
    )
    target = Path(os.environ.get("SKEL_SCREENSHOTS", tmp_path)) / "twice.png"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2"}
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    picture = QImage(str(target))
    assert (picture.width(), picture.height()) == (2560, 1600)
