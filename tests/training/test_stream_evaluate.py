import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skel.models.live import LiveSettings
from skel.sensors.synthetic import perform
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Segment
from skel.training.cli import _main
from skel.training.config import UNVARIED, EvaluateConfig, FinetuneConfig
from skel.training.dataset import ClipSet, load_split, save_split
from skel.training.evaluate import clips_or_streams
from skel.training.finetune import finetune
from skel.training.live_file import load_live
from skel.training.stream_config import StreamOptions, TuneConfig
from skel.training.stream_data import Take, Takes
from skel.training.stream_decoding import Named
from skel.training.stream_evaluate import evaluate_streams
from skel.training.stream_metrics import names_at
from skel.training.stream_models import load_for_streams
from skel.training.stream_report import measure
from skel.training.stream_windows import WindowLogits
from skel.training.tuning import Trial, choose, spans_to_try, try_all, tune

QUICK = StreamOptions(every=6)


@pytest.fixture(scope="module")
def two_people(tmp_path_factory):
    """A prepared set that is easily learned, of two people in each part: 12 clips, an arm lifts, swings or pushes."""
    rng = np.random.default_rng(0)
    wave = np.sin(np.linspace(0, 6 * np.pi, 50))
    rest = rng.normal(0, 0.4, (3, 1, 25))
    clips = np.zeros((12, 3, 50, 25, 2), np.float32)
    clips[..., 0] = rest + rng.normal(0, 0.01, (12, 3, 50, 25))
    labels = np.arange(12) % 3
    for clip, label in zip(clips, labels):
        clip[label, :, 4:8, 0] += 0.5 * wave[:, None]
    names, people = tuple(f"clip{i}" for i in range(12)), np.repeat([1, 2], 6)
    classes = ("arm swing", "arm lift", "arm push")
    of_set = ClipSet(clips, labels, names, classes, ClipConfig(), "limbs", "xsub", people, np.full(12, 2.0))
    folder = tmp_path_factory.mktemp("limbs")
    save_split(folder, {"train": of_set, "val": of_set}, [], {})
    return folder


@pytest.fixture(scope="module")
def run(two_people, tmp_path_factory):
    """A recogniser that knows the three movements, and one of the two people."""
    options = {"channels": 4, "epochs": 20, "batch_size": 3, "learning_rate": 0.01, "dropout": 0.0, "device": "cpu"}
    folder = tmp_path_factory.mktemp("runs") / "run"
    return finetune(FinetuneConfig((two_people,), folder, held_out=0.5, variation=UNVARIED, **options))


def test_figures_of_perfect_and_of_silent_recognisers():
    recording = replace(perform(0, 12), segments=(Segment(1, 3, "wave"), Segment(5, 9, "squat")))
    times_s = recording.times_s[2::3]
    take = Take("one", recording)
    perfect = measure([take, take], [Named(times_s, names_at(recording.segments, times_s), recording.segments)] * 2, 3)
    assert (perfect.frame_accuracy, perfect.frame_accuracy_in_actions, perfect.mean_f1, perfect.found) == (1, 1, 1, 1)
    assert perfect.delay_s < 0.11
    assert perfect.false_alarms_per_minute == 0
    assert perfect.segments == 4
    assert perfect.classes["wave"].segments == 2
    silent = measure([take], [Named(np.zeros(0), np.zeros(0, "<U1"), ())], 3)
    assert silent.frame_accuracy == pytest.approx(0.5, abs=0.02), "right in the pauses"
    assert (silent.frame_accuracy_in_actions, silent.mean_f1, silent.found, silent.delay_s) == (0, 0, 0, None)
    wrong = measure([take], [Named(np.zeros(0), np.zeros(0, "<U1"), (Segment(0, 1, "jump"), Segment(9, 10, "squat")))], 3)
    assert wrong.false_alarms_per_minute == pytest.approx(2 / (recording.duration_s / 60))
    assert wrong.classes["jump"].found is None
    assert wrong.classes["jump"].false_alarms == wrong.classes["squat"].false_alarms == 1


def test_the_settings_with_the_highest_f1_that_keep_to_the_rate():
    live = LiveSettings()
    trials = [Trial(live, *reached) for reached in ((0.5, 0.4, 0.2), (0.9, 0.4, 3.0), (0.7, 0.3, 1.0), (0.6, 0.4, 0.5))]
    late = Trial(live, 0.8, 0.1, 0.5)
    assert choose([*trials, late], 1.0) is trials[2], "of equals the first, and not what is named late"
    assert choose(trials, 5.0) is trials[1]
    assert choose(trials, 0.1) is trials[0], "the fewest alarms, where no settings keep to the rate"
    assert list(spans_to_try((2.0, 1.0, 3.0), 2)) == [(1.0,), (2.0,), (3.0,), (1.0, 2.0), (1.0, 3.0), (2.0, 3.0)]


def test_the_lag_of_the_names_is_found():
    recording = replace(perform(0, 12), segments=(Segment(1, 1.7, "wave"), Segment(5, 5.7, "clap")))
    takes = Takes((Take("one", recording),), "one")
    times_s = recording.times_s[2::3] - recording.times_s[0]
    labels = ("clap", "wave", "idle")
    late = names_at(recording.segments, times_s - 0.8)
    logits = np.array([[[9.0 * (name == label) for label in labels]] for name in late], np.float32)
    answers = [WindowLogits((1.0,), times_s, np.zeros(len(times_s)), logits)]
    config = TuneConfig((), (), Path(), window_durations_s=(1.0,), smoothing_s=(0.0,), hysteresis=(0.0,), lag_s=(0.0, 0.8))
    best = choose(try_all(config, takes, answers, labels, 1.0, LiveSettings(idle_label="idle")), 0.0)
    assert best.f1 == 1
    assert (best.live.start_lag_s, best.live.end_lag_s) == (0.8, 0.8)


def test_tuned_settings_serve_where_they_are_read(two_people, run, tmp_path, capsys):
    out = tmp_path / "live.json"
    options = {"window_durations_s": (1.0, 2.0), "smoothing_s": (0.0, 0.3), "hysteresis": (0.0, 0.1)}
    tune(TuneConfig((run,), (two_people,), out, false_alarms_per_minute=2.0, streams=QUICK, device="cpu", **options))
    chosen = load_live(out)
    assert set(chosen.live.window_durations_s) <= {1.0, 2.0}
    assert "held-out people of the train part, clips of each person joined" in chosen.protocol
    assert "at most 2 false alarms a minute" in chosen.protocol
    assert chosen.figures["false_alarms_per_minute"] <= 2.0
    assert chosen.figures["recordings"] == 1, "one person of two is held out"
    assert chosen.provenance["config"]["streams"]["every"] == 6
    assert "segment F1" in capsys.readouterr().out

    config = EvaluateConfig((run,), (two_people,), stream=True, live=out, streams=QUICK, device="cpu")
    tuned = evaluate_streams(replace(config, json="-", plot=tmp_path))
    printed = json.loads(capsys.readouterr().out)
    assert printed["live"] == json.loads(out.read_text())["live"]
    assert printed["f1"]["0.3"] == tuned.f1[0.3]
    assert printed["source"].startswith("limbs xsub, val part")
    assert tuned.recordings == 2
    assert tuned.segments == 12
    from matplotlib.image import imread

    assert imread(tmp_path / "streams.png")[..., :3].std() > 0.05, "nothing is drawn"

    evaluate_streams(config)
    assert "false alarms a minute" in capsys.readouterr().out


def test_networks_in_torch_say_what_the_recogniser_expects(two_people, run):
    model = load_for_streams((run, run), (0.5, 0.5), "cpu")
    alone = load_for_streams((run,), (), "cpu")
    clips = load_split(two_people, "val").clips
    logits, embeddings = model(clips)
    once, features = alone(clips)
    np.testing.assert_allclose(logits, once, atol=1e-5)
    np.testing.assert_array_equal(embeddings, np.concatenate([features, features], axis=1))
    assert model.bundle.labels == ("arm swing", "arm lift", "arm push")
    assert model.bundle.temperature == pytest.approx(alone.bundle.temperature)
    assert model.bundle.live == LiveSettings((2.0,), start_lag_s=1.0, end_lag_s=1.0), "a window of 2 s speaks of its middle"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"streams": StreamOptions(every=0)}, "--streams.every must be 1 or more"),
        ({"streams": StreamOptions(pause_s=(3.0, 1.0))}, "needs the shortest and the longest pause"),
        ({"streams": StreamOptions(seed=-1)}, "--streams.seed must be between 0 and"),
        ({"streams": StreamOptions(noise_m=-1.0)}, "--streams.noise-m must lie between"),
        ({"stream": False}, "give --stream, too"),
        (
            {"stream": False, "live": None, "streams": StreamOptions(join=True)},
            "--streams.join is about .*: give --stream, too",
        ),
        ({"stream": False, "live": None, "streams": StreamOptions(noise_m=0.1)}, "--streams.noise-m is about"),
    ],
)
def test_wrong_use_gets_one_line(two_people, tmp_path, options, message):
    config = EvaluateConfig((tmp_path,), (two_people,), stream=True, live=tmp_path / "live.json", device="cpu")
    with pytest.raises(UserError, match=message) as caught:
        clips_or_streams(replace(config, **options))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"schema": 1, "live": {}}', '{"schema": 9}'])
def test_what_is_no_file_of_settings_gets_one_line(tmp_path, text):
    path = tmp_path / "live.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match="is no file of live settings"):
        load_live(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_durations_s": ()}, "needs at least one number of seconds"),
        ({"most_durations": 0}, "--most-durations must be 1 or more"),
        ({"smoothing_s": (-1.0,)}, "--smoothing-s needs"),
        ({"hysteresis": ()}, "--hysteresis needs"),
        ({"lag_s": (0.5, -0.1)}, "--lag-s needs"),
        ({"false_alarms_per_minute": -1.0}, "must not be negative"),
    ],
)
def test_candidates_out_of_range_get_one_line(tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        tune(TuneConfig((tmp_path,), (tmp_path,), tmp_path / "live.json", **options))


def test_from_the_command_line(two_people, run, monkeypatch, capsys):
    arguments = f"evaluate --stream --checkpoint {run} --data {two_people} --streams.every 9 --device cpu --json -"
    monkeypatch.setattr(sys, "argv", ["skel-train", *arguments.split()])
    _main()
    assert json.loads(capsys.readouterr().out)["every"] == 9
