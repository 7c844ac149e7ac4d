"""`skel-train evaluate --stream`: a recogniser on continuous recordings, as it would run live."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from skel.models.live import LiveSettings
from skel.models.recognizer import Model
from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.config import EvaluateConfig
from skel.training.live_file import check_labels, load_live
from skel.training.option_checks import check_seed
from skel.training.progress import bar
from skel.training.stream_config import StreamOptions
from skel.training.stream_data import Takes, load_takes
from skel.training.stream_decoding import Named, named, smoothed_probabilities
from skel.training.stream_models import load_for_streams
from skel.training.stream_report import StreamFigures, measure, print_figures
from skel.training.stream_windows import WindowLogits, window_logits

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(20))


def evaluate_streams(config: EvaluateConfig) -> StreamFigures:
    """Measure, draw, and print a table or write JSON."""
    check_stream_options(config.streams)
    model = load_for_streams(config.checkpoint, config.weights, config.device)
    labels, live = model.bundle.labels, model.bundle.live
    if config.live:
        live = load_live(config.live).live
        check_labels(live, labels, config.live)
    takes = load_takes(config.data, config.part, config.classes, labels, live.idle_label, config.streams)
    answers = ask(model, takes, live.window_durations_s, config.streams.every)
    said = name_all(answers, model, live)
    figures = measure(takes.takes, said, config.streams.every)
    if config.plot:
        from skel.training.stream_plot import draw_streams

        curve = threshold_curve(takes, answers, model, live, config.streams.every)
        draw_streams(takes.takes[0], said[0], curve, figures, live.rejection_threshold, config.plot / "streams.png")
    _show(config, takes.source, live, figures)
    return figures


def check_stream_options(options: StreamOptions) -> None:
    """`UserError` where an option is out of its range."""
    check_seed(options.seed, "--streams.seed")
    shortest, longest = options.pause_s
    if options.every < 1:
        raise UserError(f"--streams.every must be 1 or more, not {options.every}")
    if not 0 < shortest <= longest:
        raise UserError(
            f"--streams.pause-s needs the shortest and the longest pause in seconds, not {shortest:g} {longest:g}"
        )
    if not 0 <= options.noise_m < 1:
        raise UserError(f"--streams.noise-m must lie between 0 and 1 metre, not {options.noise_m:g}")


def ask(model: Model, takes: Takes, durations_s: Sequence[float], every: int) -> list[WindowLogits]:
    """What the model says of all windows of these durations."""
    answers = []
    with bar("windows", "s") as progress:
        task = progress.add_task("", total=round(takes.duration_s))
        for take in takes.takes:
            answers.append(window_logits(take.recording, model, durations_s, every))
            progress.advance(task, take.recording.duration_s)
    return answers


def name_all(answers: Sequence[WindowLogits], model: Model, live: LiveSettings) -> list[Named]:
    """What is named in each recording with these settings."""
    card = model.bundle
    return [named(smoothed_probabilities(said, card.temperature, live), card.labels, live) for said in answers]


def threshold_curve(
    takes: Takes, answers: Sequence[WindowLogits], model: Model, live: LiveSettings, every: int
) -> list[tuple[float, StreamFigures]]:
    """The figures at each rejection threshold, all other settings being these."""
    return [
        (threshold, measure(takes.takes, name_all(answers, model, replace(live, rejection_threshold=threshold)), every))
        for threshold in THRESHOLDS
    ]


def _show(config: EvaluateConfig, source: str, live: LiveSettings, figures: StreamFigures) -> None:
    if not config.json:
        print_figures(figures, source)
        return
    content = {
        "checkpoint": [str(path) for path in config.checkpoint],
        "data": [str(path) for path in config.data],
        "part": config.part,
        "source": source,
        "every": config.streams.every,
        "live": live.to_json(),
        **figures.to_json(),
    }
    if config.json == "-":
        print(json.dumps(content, ensure_ascii=False))
    else:
        write_text(Path(config.json), json.dumps(content, ensure_ascii=False, indent=1))
