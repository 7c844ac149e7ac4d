"""`skel-train tune`: how a recogniser is best used on live frames, found on continuous recordings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

from skel.models.live import LiveSettings
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Segment
from skel.training.dataset import Part
from skel.training.live_file import ChosenSettings, save_live
from skel.training.progress import bar
from skel.training.run import provenance
from skel.training.stream_config import TuneConfig
from skel.training.stream_data import Takes, load_takes
from skel.training.stream_decoding import earlier, named, smoothed_probabilities
from skel.training.stream_evaluate import THRESHOLDS, ask, check_stream_options
from skel.training.stream_metrics import Counts, false_alarms, match, overlaps
from skel.training.stream_models import load_for_streams
from skel.training.stream_report import TIOUS, measure, print_figures
from skel.training.stream_windows import WindowLogits


@dataclass(frozen=True)
class Trial:
    """What settings reached.

    Attributes:
        f1: mean segment F1 over the tIoU.
        f1_as_named: the same where segments begin and end as they are named: what is named late lowers it.
        false_alarms_per_minute: segments that are named in vain.
    """

    live: LiveSettings
    f1: float
    f1_as_named: float
    false_alarms_per_minute: float


def tune(config: TuneConfig) -> Path:
    """Choose, print and write the settings; returns their file."""
    _check(config)
    model = load_for_streams(config.checkpoint, config.weights, config.device)
    card = model.bundle
    part: Part = "val" if config.on == "val" else "train"
    held_out = config.checkpoint if config.on == "held-out" else ()
    takes = load_takes(config.data, part, config.classes, card.labels, card.live.idle_label, config.streams, held_out)
    answers = ask(model, takes, config.window_durations_s, config.streams.every)
    best = choose(try_all(config, takes, answers, card.labels, card.temperature, card.live), config.false_alarms_per_minute)
    said = [named(smoothed_probabilities(one, card.temperature, best.live), card.labels, best.live) for one in answers]
    figures = measure(takes.takes, said, config.streams.every)
    whom = {"held-out": "", "train": " (which the model learned from)", "val": " (so it is no test of it any more)"}
    protocol = (
        f"{takes.source}{whom[config.on]}; settings chosen there by mean segment F1 at tIoU .1, .3, .5, as named and "
        f"as laid, for at most {config.false_alarms_per_minute:g} false alarms a minute"
    )
    made = provenance(config, [takes.source])
    save_live(config.out, ChosenSettings(best.live, protocol, figures.to_json(), made))
    print_figures(figures, takes.source)
    if best.false_alarms_per_minute > config.false_alarms_per_minute:
        print(f"No settings keep to {config.false_alarms_per_minute:g} false alarms a minute: these come nearest.")
    return config.out


def _check(config: TuneConfig) -> None:
    check_stream_options(config.streams)
    if not config.window_durations_s or not all(0 < span < 60 for span in config.window_durations_s):
        raise UserError("--window-durations-s needs at least one number of seconds between 0 and 60")
    if config.most_durations < 1:
        raise UserError(f"--most-durations must be 1 or more, not {config.most_durations}")
    if not config.smoothing_s or min(config.smoothing_s) < 0:
        raise UserError("--smoothing-s needs at least one time constant, none of them negative")
    if not config.hysteresis or not all(0 <= value <= 1 for value in config.hysteresis):
        raise UserError("--hysteresis needs at least one number between 0 and 1")
    if not config.lag_s or not all(0 <= lag < 60 for lag in config.lag_s):
        raise UserError("--lag-s needs at least one number of seconds between 0 and 60")
    if not config.false_alarms_per_minute >= 0:
        raise UserError(f"--false-alarms-per-minute must not be negative: {config.false_alarms_per_minute:g}")


def choose(trials: Sequence[Trial], most_alarms_per_minute: float) -> Trial:
    """The highest sum of both F1 among those with so few false alarms; where none has, the fewest. Of equals the first.

    By `f1` alone, late names would cost nothing, since the lags make up for them: it would choose long windows and much
    smoothing, and live everything would be named when it is over.
    """
    allowed = [trial for trial in trials if trial.false_alarms_per_minute <= most_alarms_per_minute]
    if allowed:
        return max(allowed, key=lambda trial: trial.f1 + trial.f1_as_named)
    return min(trials, key=lambda trial: trial.false_alarms_per_minute)


def spans_to_try(durations_s: Sequence[float], most: int) -> Iterator[tuple[float, ...]]:
    """Every set of at most so many durations, small sets first."""
    spans = sorted(set(durations_s))
    for count in range(1, min(most, len(spans)) + 1):
        yield from combinations(spans, count)


def try_all(
    config: TuneConfig,
    takes: Takes,
    answers: Sequence[WindowLogits],
    labels: Sequence[str],
    temperature: float,
    live: LiveSettings,
) -> list[Trial]:
    """Every combination of settings, on what the network said of the windows."""
    trials = []
    lags = [(start_s, end_s) for start_s, end_s in product(config.lag_s, repeat=2) if end_s <= start_s]
    looks = list(product(spans_to_try(config.window_durations_s, config.most_durations), config.smoothing_s))
    with bar("settings", "settings") as progress:
        task = progress.add_task("", total=len(looks))
        for spans, smoothing_s in looks:
            look = replace(live, window_durations_s=spans, smoothing_s=smoothing_s, start_lag_s=0.0, end_lag_s=0.0)
            smoothed = [smoothed_probabilities(one, temperature, look) for one in answers]
            for hysteresis, threshold in product(config.hysteresis, THRESHOLDS):
                settings = replace(look, hysteresis=hysteresis, rejection_threshold=threshold)
                found = [named(one, labels, settings).segments for one in smoothed]
                as_named, _ = _score(takes, found)
                for start_s, end_s in lags:
                    laid = [earlier(segments, one, start_s, end_s) for segments, one in zip(found, smoothed)]
                    f1, alarms = _score(takes, laid)
                    trials.append(Trial(replace(settings, start_lag_s=start_s, end_lag_s=end_s), f1, as_named, alarms))
            progress.advance(task)
    return trials


def _score(takes: Takes, found: Sequence[Sequence[Segment]]) -> tuple[float, float]:
    """Mean F1 over the tIoU, and false alarms a minute."""
    counts, alarms = {least: Counts() for least in TIOUS}, 0
    for take, segments in zip(takes.takes, found):
        tious = overlaps(take.recording.segments, segments)
        alarms += false_alarms(tious)
        for least in TIOUS:
            counts[least] += match(tious, least)
    f1 = sum(count.f1 for count in counts.values()) / len(TIOUS)
    return f1, alarms / (takes.duration_s / 60)
