import json

import numpy as np
import pytest

from skel.skeleton.errors import UserError
from skel.training.plots import draw_confusion, draw_embedding, draw_reliability
from skel.training.report import METRICS_FILE, Report, print_report, report_of

CLASSES = ("wave", "clap", "jump", "sit", "bow", "fall", "lean")


@pytest.fixture
def report():
    random = np.random.default_rng(0)
    labels = np.arange(60) % 6  # nobody leans
    return Report.of(random.normal(0, 1, (60, 7)) + 2 * np.eye(7)[labels], labels, CLASSES, temperature=1.5)


def test_figures_by_hand():
    logits = np.array([[3.0, 2, 1, 0, 0, -1, -2], [3, 2, 1, 0, 0, -1, -2], [0, 9, 0, 0, 0, 0, 0]])
    report = Report.of(logits, np.array([0, 5, 1]), CLASSES)
    assert report.count == 3
    assert report.top1 == pytest.approx(2 / 3)
    assert report.top5 == pytest.approx(2 / 3)
    assert report.confusion[5, 0] == 1
    assert report.per_class == {**dict.fromkeys(CLASSES), "wave": 1.0, "clap": 1.0, "fall": 0.0}
    assert report.raw is report.calibrated


def test_it_comes_back_from_its_file(report, tmp_path, capsys):
    (tmp_path / METRICS_FILE).write_text(json.dumps(report.to_json()))
    again = report_of(tmp_path)
    assert again.to_json() == report.to_json()
    assert again.calibrated.ece == report.calibrated.ece != report.raw.ece
    print_report(again)
    text = capsys.readouterr().out
    assert f"top-1 {report.top1:.1%}" in text
    assert f"calibration error {report.raw.ece:.1%}, {report.calibrated.ece:.1%} at temperature 1.5" in text


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_a_run_that_has_not_ended_has_no_figures(tmp_path, text):
    if text:
        (tmp_path / METRICS_FILE).write_text(text)
    with pytest.raises(UserError, match="no figures of a finished run"):
        report_of(tmp_path)


def test_no_clips_are_no_failure():
    empty = Report.of(np.zeros((0, 7)), np.zeros(0, np.int64), CLASSES)
    assert (empty.count, empty.top1, empty.top5) == (0, 0, 0)


def size_of(path):
    from matplotlib.image import imread

    picture = imread(path)[..., :3]
    assert picture.std() > 0.05, "nothing is drawn"
    return picture.shape[:2]


def test_pictures(report, tmp_path):
    draw_confusion(report, tmp_path / "new" / "confusion.png")
    draw_reliability(report, tmp_path / "two.png")
    draw_reliability(Report.of(np.eye(7), np.arange(7), CLASSES), tmp_path / "one.png")
    size_of(tmp_path / "new" / "confusion.png")
    assert size_of(tmp_path / "two.png")[1] > 1.5 * size_of(tmp_path / "one.png")[1]


def test_many_classes_make_a_larger_picture(report, tmp_path):
    names = tuple(f"a rather long name of an action, number {k}" for k in range(60))
    draw_confusion(Report.of(np.eye(60), np.arange(60), names), tmp_path / "many.png")
    draw_confusion(report, tmp_path / "few.png")
    assert size_of(tmp_path / "many.png") > size_of(tmp_path / "few.png")


def test_the_embedding_is_drawn_of_few_and_of_many_clips(tmp_path):
    random = np.random.default_rng(0)
    for count in (3, 200):
        labels = np.arange(count) % 3
        draw_embedding(random.normal(labels[:, None], 1, (count, 8)).astype(np.float32), labels, "abc", tmp_path / "e.png")
        size_of(tmp_path / "e.png")
    with pytest.raises(UserError, match="too few to draw"):
        draw_embedding(np.zeros((2, 8), np.float32), np.zeros(2, int), "abc", tmp_path / "e.png")
