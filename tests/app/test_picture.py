"""The picture of the window that the demo and the README use."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from skel.app.picture import good_moment_s, render_demo_picture
from skel.app.window import MainWindow
from skel.models.live import LiveSettings
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, Segment, save_recording


class RaisedHand:
    """Names 'up' where the right hand is above the head for the later half of the clip, with growing certainty."""

    shipped = OnnxModel(DEFAULT_MODEL, "cpu").bundle
    bundle = replace(shipped, labels=("up", "down"), live=LiveSettings((1.0,)))

    def __call__(self, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        above = clips[:, 1, -25:, 11, 0] - clips[:, 1, -25:, 3, 0]
        score = 8 * above.mean(axis=1)
        return np.stack([score, -score], axis=1).astype(np.float32), np.zeros((len(clips), 256), np.float32)


@pytest.fixture(scope="module")
def waving() -> Recording:
    """Standing still, but for a hand held up from 8 to 10 and from 14 to 16 s."""
    recording = perform(seed=0, duration_s=20.0, script=["wave"])
    positions = np.repeat(recording.positions_m[:1], len(recording), axis=0)
    for start_s, end_s in ((8, 10), (14, 16)):
        positions[30 * start_s : 30 * end_s, :, 11, 1] += 1.2
    return replace(recording, positions_m=positions, segments=())


def test_the_moment_is_where_the_truth_is_named_most_surely(waving: Recording):
    one = replace(waving, segments=(Segment(8.0, 10.0, "up"), Segment(14.0, 16.0, "up")))
    assert 14.0 <= good_moment_s(one, RaisedHand()) <= 16.0  # the earlier one comes before the timeline is filled
    other = replace(waving, segments=(Segment(8.0, 10.0, "up"),))
    assert 8.0 <= good_moment_s(other, RaisedHand()) <= 10.0  # but is better than a wrong name


def test_without_anybody_it_is_the_middle(waving: Recording):
    empty = replace(waving, positions_m=np.full_like(waving.positions_m, np.nan))
    assert good_moment_s(empty, RaisedHand()) == pytest.approx(10.0)


def test_the_picture_is_of_the_whole_window(qapp, tmp_path: Path):
    save_recording(tmp_path / "take.npy", perform(seed=2, duration_s=4.0))
    pictures = []
    for theme in ("dark", "light"):
        path = tmp_path / f"{theme}.png"
        render_demo_picture(path, tmp_path / "take.npy", None, theme)
        image = QImage(str(path))
        assert (image.width(), image.height()) == (1280, 800)
        pictures.append(image)
    dark, light = (image.pixelColor(5, 5).lightness() for image in pictures)
    assert dark < 60 < 200 < light


def test_a_single_frame_is_a_picture_too(qapp, tmp_path: Path, monkeypatch):
    shown, grab = [], MainWindow.grab
    monkeypatch.setattr(MainWindow, "grab", lambda window: shown.append(window.space.view.frame) or grab(window))
    take = perform(seed=2, duration_s=4.0)
    save_recording(
        tmp_path / "take.npy", replace(take, positions_m=take.positions_m[:1], times_s=take.times_s[:1], segments=())
    )
    render_demo_picture(tmp_path / "one.png", tmp_path / "take.npy")
    assert [len(frame.body_ids) for frame in shown] == [1]


def test_what_cannot_be_read_is_one_line(qapp, tmp_path: Path):
    with pytest.raises(UserError, match=r"no such recording: .*nothing\.npy"):
        render_demo_picture(tmp_path / "x.png", tmp_path / "nothing.npy")
    assert not (tmp_path / "x.png").exists()
