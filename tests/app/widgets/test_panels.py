"""The prediction panel, the transport, the banner, the status line and the header."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QToolButton

from skel.app import texts
from skel.app.player import PlayerState
from skel.app.presenter import PersonState
from skel.app.theme import DARK, LIGHT, ClassColours
from skel.app.widgets.banner import Banner, Offer
from skel.app.widgets.header import Header
from skel.app.widgets.prediction_panel import MOST_CHIPS, PredictionPanel
from skel.app.widgets.record_controls import RecordControls
from skel.app.widgets.stage import Arrangement
from skel.app.widgets.status_line import Figures, StatusLine
from skel.app.widgets.transport import Transport

TOP = (("wave", 0.8), ("squat", 0.1), ("jog", 0.05), ("throw", 0.03), ("kick", 0.02))


def someone(body: int, headline: str = "Wave", muted: bool = False) -> PersonState:
    return PersonState(body, body + 1, headline, "80 % confident", muted, 0.8, TOP)


@pytest.fixture
def panel(qtbot) -> PredictionPanel:
    panel = PredictionPanel(DARK, ClassColours())
    qtbot.addWidget(panel)
    panel.resize(320, 600)
    panel.show()
    return panel


def chips(panel: PredictionPanel) -> list[QToolButton]:
    return [button for button in panel.findChildren(QToolButton) if button.isVisible()]


def test_the_selected_person_is_shown_in_large(panel):
    panel.show_people([someone(0), someone(1, "Squat")], selected=1)
    assert panel.headline == "Squat"
    panel.show_people([], None)
    assert panel.headline == texts.NOBODY


def test_people_are_chips_only_where_there_are_several(panel, qtbot):
    panel.show_people([someone(0)], 0)
    assert chips(panel) == []
    panel.show_people([someone(0), someone(1, "Squat")], 0)
    assert [button.text().strip() for button in chips(panel)] == ["Wave", "Squat"]
    assert [button.isChecked() for button in chips(panel)] == [True, False]
    chosen = []
    panel.person_chosen.connect(chosen.append)
    qtbot.mouseClick(chips(panel)[1], Qt.MouseButton.LeftButton)
    assert chosen == [1]


def test_a_crowd_fits(panel):
    panel.show_people([someone(i) for i in range(9)], 0)
    assert len(chips(panel)) == MOST_CHIPS
    assert panel.minimumSizeHint().height() < 560


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("headline", ["Jog", "Stand up", "Rotating the shoulders clockwise", "A" * 60, ""])
def test_every_headline_can_be_drawn(panel, theme, headline):
    panel.set_theme(theme)
    panel.show_people([someone(0, headline)], 0)
    assert not panel.grab().isNull()


def test_muted_people_look_different(panel):
    panel.show_people([someone(0)], 0)
    plain = panel.grab().toImage()
    panel.show_people([someone(0, muted=True)], 0)
    assert panel.grab().toImage() != plain


@pytest.fixture
def transport(qtbot) -> Transport:
    transport = Transport(DARK)
    qtbot.addWidget(transport)
    transport.resize(700, 40)
    transport.show()
    return transport


def test_transport_shows_and_asks(transport, qtbot):
    transport.show_state(PlayerState(5.0, 20.0, paused=False, speed=1.0, loop=True))
    assert transport._play.accessibleName() == texts.PAUSE
    assert transport._loop.isChecked()
    assert transport._clock.text() == "0:05.0 / 0:20.0"
    assert transport._speed.text() == "1×"
    transport.show_state(PlayerState(5.0, 20.0, paused=True, speed=0.25, loop=False))
    assert transport._play.accessibleName() == texts.PLAY
    with qtbot.waitSignal(transport.play_toggled):
        qtbot.mouseClick(transport._play, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(transport.stepped) as stepped:
        qtbot.mouseClick(transport._back, Qt.MouseButton.LeftButton)
    assert stepped.args == [-1]
    with qtbot.waitSignal(transport.speed_chosen) as chosen:
        transport._speed.menu().actions()[-1].trigger()
    assert chosen.args == [8.0]


def test_the_slider_jumps_to_the_click_and_stays_in_the_hand(transport, qtbot):
    transport.show_state(PlayerState(0.0, 20.0, paused=False, speed=1.0, loop=False))
    slider = transport._slider
    sought = []
    transport.sought.connect(sought.append)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert sought == [pytest.approx(10.0, abs=0.3)]
    transport.show_state(PlayerState(1.0, 20.0, paused=False, speed=1.0, loop=False))
    assert slider.value() == round(100 * sought[0])
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton)
    transport.show_state(PlayerState(1.0, 20.0, paused=False, speed=1.0, loop=False))
    assert slider.value() == 100


def test_banner(qtbot):
    banner = Banner(DARK)
    qtbot.addWidget(banner)
    assert banner.text == ""
    banner.say("no such recording: <b>x</b>.npy")
    assert banner.text == "No such recording: <b>x</b>.npy"
    qtbot.mouseClick(banner.findChild(QToolButton), Qt.MouseButton.LeftButton)
    assert banner.text == ""


def test_status_line_marks_what_is_not_known_yet(qtbot):
    line = StatusLine(DARK)
    qtbot.addWidget(line)
    line.show_figures(Figures("opening"))
    assert "sensor – fps" in line.text
    line.show_figures(Figures("running", 29.97, 7.25, 14.4, 3, "CPU", "MediaPipe lite", "x.npy: assumed"))
    for part in (
        "running",
        "sensor 30.0 fps",
        "inference 7.2 ms",
        "frame → screen 14 ms",
        "drops 3",
        "runs on CPU",
        "MediaPipe lite",
        "assumed",
    ):
        assert part in line.text


def test_header_names_what_is_in_use_and_offers_the_rest(qtbot):
    header = Header(DARK)
    qtbot.addWidget(header)
    header.show_source("a" * 200, "body tracking")
    header.show_model("mine.onnx", "card")
    assert len(header.text) < 120
    assert "mine.onnx" in header.text
    chosen = []
    header.source_chosen.connect(chosen.append)
    header.camera_wanted.connect(lambda: chosen.append("another camera"))
    header.video_wanted.connect(lambda: chosen.append("a video"))
    for action in header._source.menu().actions():
        action.trigger()
    assert chosen == ["a video", "auto", "webcam", "kinect", "another camera", "demo", "synthetic"]


def test_header_offers_arrangements_where_there_is_a_picture(qtbot):
    header = Header(DARK)
    qtbot.addWidget(header)
    header.show_arrangement(Arrangement.SPACE, available=False)
    assert not header._arrangement.isEnabled()
    assert header._arrangement.toolTip() == texts.NO_PICTURE
    header.show_arrangement(Arrangement.SPACE, available=True)
    actions = header._arrangement.menu().actions()
    assert [action.isChecked() for action in actions] == [False, False, False, True]
    with qtbot.waitSignal(header.arrangement_chosen) as chosen:
        actions[0].trigger()
    assert chosen.args == [Arrangement.PICTURE_FIRST]
    assert list(texts.ARRANGEMENTS) == list(Arrangement)


def test_banner_offers_and_takes_back(qtbot):
    banner = Banner(DARK)
    qtbot.addWidget(banner)
    done = []
    banner.say("no camera", Offer("Play the demo", lambda: done.append("demo")), topic="camera")
    banner.withdraw("disk")
    assert banner.text == "No camera"
    qtbot.mouseClick(banner.offers[0], Qt.MouseButton.LeftButton)
    assert done == ["demo"]
    assert banner.text == ""
    banner.say("no camera", topic="camera")
    assert banner.offers == []
    banner.withdraw("camera")
    assert banner.text == ""


def test_record_controls_say_what_can_be_done(qtbot):
    controls = RecordControls(DARK)
    qtbot.addWidget(controls)
    assert not controls.button.isEnabled()
    assert controls.button.toolTip() == texts.RECORD_LIVE_ONLY
    controls.show_idle(available=True)
    with qtbot.waitSignal(controls.record_toggled):
        qtbot.mouseClick(controls.button, Qt.MouseButton.LeftButton)
    controls.show_recording(72.4, 2170)
    assert controls.button.text().strip() == "1:12 · 2170 frames"
    assert controls.button.isChecked()
    controls.show_options("/home/me/Skeletons", picture=True)
    assert "/home/me/Skeletons" in controls.options.toolTip()
    with qtbot.waitSignal(controls.picture_toggled) as toggled:
        controls.options.menu().actions()[0].trigger()
    assert toggled.args == [False]
