"""What a model's card says, in the order in which a person wants to know it. No Qt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skel.app import texts
from skel.app import texts_card as said
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel


@dataclass(frozen=True)
class Section:
    """A heading and its rows, each a name and what is said about it."""

    title: str
    rows: tuple[tuple[str, str], ...]


def card_of(model: OnnxModel) -> list[Section]:
    """Everything that the model's file says about itself."""
    bundle = model.bundle
    clip, live, runs = bundle.clip, bundle.live, _runs(bundle.provenance)
    export = bundle.provenance.get("export", {})
    durations = ", ".join(said.seconds(duration_s) for duration_s in live.window_durations_s)
    sections = [
        Section(
            said.KNOWS,
            (
                (said.actions(len(bundle.labels)), ", ".join(map(texts.shown, bundle.labels))),
                (said.PAIRS, ", ".join(map(texts.shown, live.pair_labels)) or said.NONE),
                (said.IDLE, texts.shown(live.idle_label) if live.idle_label else said.NONE),
            ),
        ),
        Section(said.MEASURED, tuple(_measured(bundle.metrics)) or ((said.NOT_STATED, ""),)),
        Section(said.TRAINED, tuple(row for run in runs for row in _trained(run)) or ((said.NOT_STATED, ""),)),
        Section(
            said.LIVE,
            (
                (said.WINDOW, durations),
                (said.SMOOTHING, said.seconds(live.smoothing_s)),
                (said.HYSTERESIS, f"{live.hysteresis:g}"),
                (said.REJECTION, _rejection(live.rejection_threshold)),
            ),
        ),
        Section(
            said.NETWORK,
            (
                (said.INPUT, said.clips(clip.frames, clip.layout, clip.max_bodies)),
                (said.STREAMS, ", ".join(bundle.streams)),
                (said.PRECISION, bundle.precision),
                (said.RUNS_ON, texts.DEVICES.get(model.device, model.device)),
            ),
        ),
        Section(
            said.FILE,
            (
                (said.PATH, str(model.path)),
                (said.EXPORTED, str(export.get("finished", said.NOT_STATED))),
                (said.LICENCE, _licence(model, bundle.provenance)),
            ),
        ),
    ]
    return sections


def as_text(title: str, sections: list[Section]) -> str:
    """The card as plain text, to be pasted anywhere."""
    lines = [title]
    for section in sections:
        lines += ["", section.title, *(f"  {name}: {text}" if text else f"  {name}" for name, text in section.rows)]
    return "\n".join(lines)


def _measured(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures that were measured in the same way together, and below them, once, in which way."""
    rows_of: dict[str, list[tuple[str, str]]] = {}
    for name, metric in metrics.items():
        value, protocol = (metric.get("value"), metric.get("protocol", "")) if isinstance(metric, dict) else (metric, "")
        rows_of.setdefault(str(protocol), []).append((said.metric(name), said.figure(name, value)))
    rows = []
    for protocol, measured in rows_of.items():
        rows += measured
        if protocol:
            rows.append((said.PROTOCOL, protocol))
    return rows


def _trained(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pre-training, then the run itself."""
    rows = []
    earlier = run.get("pretrained")
    for what, of in ((said.PRETRAINED, earlier), (said.FINETUNED, run)):
        if isinstance(of, Mapping):
            rows.append((what, "; ".join(map(str, of.get("data", []))) or said.NOT_STATED))
            rows.append((said.COMMAND, str(of.get("command", said.NOT_STATED))))
            seed = of.get("config", {}).get("seed")
            rows.append((said.SEED, said.seed_and_date(seed, str(of.get("finished", "")), str(of.get("git", "")))))
    rows.append((said.WEIGHTS, str(run.get("weights_sha256", said.NOT_STATED))))
    return rows


def _runs(provenance: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [run for run in provenance.get("runs", []) if isinstance(run, Mapping)]


def _rejection(threshold: float) -> str:
    return said.rejection(threshold) if threshold > 0 else said.NEVER_UNKNOWN


def _licence(model: OnnxModel, provenance: Mapping[str, Any]) -> str:
    """The file has no field of its own for it; the one that comes with the program is under the program's."""
    stated = provenance.get("licence")
    if stated:
        return str(stated)
    return said.OUR_LICENCE if model.path == DEFAULT_MODEL else said.NOT_STATED
