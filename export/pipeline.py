"""From runs to checked files: what `skel-export` does."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from skel.export.deployable import Deployable, Ensemble
from skel.export.int8 import quantise
from skel.export.onnx import OPSET, stamp, write_graph
from skel.export.options import ExportOptions
from skel.export.runs import DataSource, TrainedRun, load_runs
from skel.export.statistics import embedding_statistics
from skel.export.verify import Sample, Verification, as_function, logits_of, random_sample, real_sample
from skel.export.weights import fitted_weights, given_weights
from skel.models.bundle import Bundle, Precision
from skel.models.live import LiveSettings, with_usual_lag
from skel.models.providers import tensorrt_package
from skel.models.runtime import OnnxModel
from skel.sensors.actor_motions import IDLE
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path
from skel.training.checkpoint import weights_digest
from skel.training.dataset import ClipSet
from skel.training.live_file import ChosenSettings, check_labels, load_live
from skel.training.readers.ntu_classes import NTU_MUTUAL_CLASSES
from skel.training.readers.pku_classes import PKU_MUTUAL_CLASSES
from skel.training.run import provenance


def export(options: ExportOptions) -> Verification:
    """Write everything that was asked for; where one file is further from the runs than allowed, none is written."""
    options.check()
    target = options.onnx
    assert target is not None
    runs = load_runs(options.checkpoint)
    clip, networks = runs[0].card.clip, [run.network for run in runs]
    source = DataSource(options.data, options.classes)
    tuned = load_live(options.live) if options.live is not None else None
    if tuned is not None and options.live is not None:
        check_labels(tuned.live, runs[0].card.classes, options.live)
    if options.tensorrt is not None:
        tensorrt_package()
    training = _training_clips(source, runs[0], needed=options.int8)
    learned = None if training is None else runs[0].learned(training)
    sample = _sample(source, runs[0])
    weights, temperature, how = _weights(options.weights, runs, source)
    verification = Verification(Ensemble(networks, weights), temperature, sample)
    card = _card(runs, weights, temperature, how, options, sample)
    card = with_live(card, tuned) if tuned is not None else card
    with ExitStack() as files:
        path = files.enter_context(atomic_path(target))
        deployable = Deployable(networks, weights, clip.frames, clip.max_bodies)
        plain = Path(files.enter_context(TemporaryDirectory())) / "plain.onnx"
        if options.int8 or options.tensorrt is not None:
            write_graph(deployable, clip, plain)
            stamp(plain, card)
        deployable.convolve_by_frequency()
        write_graph(deployable, clip, path)
        _finish(path, target, card, "float32", verification, learned)
        if options.int8 and training is not None:
            small = target.with_suffix(".int8.onnx")
            small_path = files.enter_context(atomic_path(small))
            quantise(plain, small_path, training.clips)
            _finish(small_path, small, card, "int8", verification, learned)
        if options.tensorrt is not None:
            _add_engine(plain, options.tensorrt, options.fp16, verification)
    return verification


def _finish(
    path: Path, target: Path, card: Bundle, precision: Precision, verification: Verification, learned: ClipSet | None
) -> None:
    """Check a written graph and stamp it, once more with what was measured and what its embeddings look like."""
    card = replace(card, precision=precision)
    stamp(path, card)
    model = OnnxModel(path, "cpu")
    row = verification.add(target.name, path, precision, model)
    if row.accuracy is not None:
        measured = {"value": row.accuracy, "protocol": f"this file, {verification.sample.description}"}
        card = replace(card, metrics={**card.metrics, "exported_top1": measured})
    stamp(path, card, None if learned is None else embedding_statistics(model, learned))


def _add_engine(source: Path, target: Path, fp16: bool, verification: Verification) -> None:
    """Build and check in a folder of its own, since an engine is a file and a description beside it."""
    from skel.export.tensorrt import Engine, build_engine

    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        engine = Path(folder) / target.name
        build_engine(source, engine, fp16)
        # Unless told otherwise TensorRT rounds the factors of products, on GPUs that can, to TF32.
        verification.add(target.name, engine, "float16" if fp16 else "tf32", Engine(engine))
        for part in sorted(Path(folder).iterdir()):
            part.replace(target.parent / part.name)


def _training_clips(source: DataSource, run: TrainedRun, needed: bool) -> ClipSet | None:
    """Those of the sets that the run learned from; None, and one line, where that is not at hand and not `needed`."""
    try:
        return source.load(run, "train")
    except UserError as error:
        if source.folders:
            raise
        if needed:
            raise UserError(
                f"--int8 needs the clips that the run learned from: {error}, or say with --data where it is"
            ) from error
        without = "without statistics of them taught actions are told from trained ones less well"
        print(f"no training clips at hand ({error}): {without}", file=sys.stderr)
        return None


def _sample(source: DataSource, run: TrainedRun) -> Sample:
    try:
        return real_sample(source.load(run, "val"))
    except UserError as error:
        if source.folders:
            raise
        print(f"no validation clips at hand ({error}): compared on random ones; --data names prepared sets", file=sys.stderr)
        return random_sample(run.card.clip)


def _weights(words: Sequence[str], runs: Sequence[TrainedRun], source: DataSource) -> tuple[tuple[float, ...], float, str]:
    """The weights of the runs' logits, the temperature that goes with them, and where they come from."""
    streams = [run.stream for run in runs]
    if len(runs) == 1:
        return (1.0,), runs[0].card.temperature, "one stream"
    if list(words) != ["fitted"]:
        weights = given_weights(words, streams)
        # Right where the streams agree; without temperatures of their own it makes the sum a weighted mean.
        return weights, sum(weight * run.card.temperature for weight, run in zip(weights, runs)), " ".join(words)
    clips, labels = source.held_out(runs)
    logits = [logits_of(as_function(Ensemble([run.network], [1.0])), clips) for run in runs]
    how = f"fitted on {len(labels)} clips that were held out"
    return fitted_weights(np.stack(logits), labels, streams), 1.0, how


def live_settings(classes: Sequence[str], clip: ClipConfig, window_durations_s: tuple[float, ...]) -> LiveSettings:
    """What follows from the windows, and from the classes' names: the idle one, those of two people if clips hold two."""
    mutual = {*NTU_MUTUAL_CLASSES, *PKU_MUTUAL_CLASSES} if clip.max_bodies > 1 else set()
    live = LiveSettings(
        window_durations_s,
        idle_label=IDLE if IDLE in classes else None,
        pair_labels=tuple(label for label in classes if label in mutual),
    )
    return with_usual_lag(live)


def with_live(card: Bundle, tuned: ChosenSettings) -> Bundle:
    """The card with settings that were chosen by measurement, what they reached, and how they were chosen.

    Which classes are the idle one and those of two people stays as it is.
    """
    live = replace(tuned.live, idle_label=card.live.idle_label, pair_labels=card.live.pair_labels)
    names = {
        "mean_f1": "stream_f1",
        "delay_s": "stream_delay_s",
        "false_alarms_per_minute": "stream_false_alarms_per_minute",
    }
    reached = {
        name: {"value": tuned.figures[figure], "protocol": tuned.protocol}
        for figure, name in names.items()
        if tuned.figures.get(figure) is not None
    }
    chosen = {"protocol": tuned.protocol, **tuned.provenance}
    provenance = {**card.provenance, "live": chosen}
    return replace(card, live=live, metrics={**card.metrics, **reached}, provenance=provenance)


def _card(
    runs: Sequence[TrainedRun],
    weights: tuple[float, ...],
    temperature: float,
    how: str,
    options: ExportOptions,
    sample: Sample,
) -> Bundle:
    first = runs[0].card
    several = len(runs) > 1
    metrics: dict[str, Any] = {
        f"{run.stream}_{name}" if several else name: value for run in runs for name, value in run.card.metrics.items()
    }
    made = [{"stream": run.stream, "weights_sha256": weights_digest(run.network), **run.card.provenance} for run in runs]
    exported = {**provenance(options, [sample.description]), "opset": OPSET, "stream_weights": how}
    return Bundle(
        labels=first.classes,
        clip=first.clip,
        streams=tuple(run.stream for run in runs),
        stream_weights=weights,
        temperature=temperature,
        live=live_settings(first.classes, first.clip, options.window_durations_s),
        precision="float32",
        metrics=metrics,
        provenance={"runs": made, "export": exported},
    )
