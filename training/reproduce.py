"""`skel-train reproduce`: a published table from one command, as a row of runs that goes on where it was stopped."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from skel.models.streams import STREAMS, Stream
from skel.skeleton.clip import AIMCLR, ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.checkpoint import MODEL_FILE
from skel.training.config import UNVARIED, FinetuneConfig, LabelledConfig, LinearConfig, PretrainConfig, ReproduceConfig
from skel.training.dataset import PARTS, digest, find_split, load_meta, load_split
from skel.training.device import pick_device
from skel.training.divergence import Diverged
from skel.training.ensemble import load_ensemble
from skel.training.evaluate import score_together
from skel.training.finetune import finetune
from skel.training.option_checks import check_options
from skel.training.pretrain import pretrain
from skel.training.probes import linear
from skel.training.published import PUBLISHED, SETS, TITLES, Entry, Protocol
from skel.training.report import METRICS_FILE, report_of
from skel.training.run import Run

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
TABLE_FILE = "table.md"


@dataclass(frozen=True)
class Stage:
    """One run: its folder, and how it is made."""

    config: PretrainConfig | LabelledConfig
    make: Callable[[Any], Path]

    def run(self) -> bool:
        """Do what is left of it; whether that was anything. `UserError` where its folder holds another run."""
        folder = self.config.out
        if (folder / (MODEL_FILE if isinstance(self.config, PretrainConfig) else METRICS_FILE)).is_file():  # its last file
            Run(folder, self.config, self.config.seed)
            return False
        self.make(self.config)
        return True


@dataclass(frozen=True)
class Lasting:
    """What may not change when a table goes on; each run looks at its own options."""

    table: str
    data: Path


def reproduce(config: ReproduceConfig) -> Path:
    """Make every run of the table that is not there yet, write the table as Markdown and JSON; returns the Markdown file."""
    config = replace(config, out=config.out.resolve())  # the runs name one another, from wherever this is called
    folder, meta = _find(config)
    streams = STREAMS if config.stream == "all" else (config.stream,)
    stages = [stage for stream in streams for stage in _stages(config, folder, stream)]
    for stage in stages:
        check_options(stage.config)
    clips = digest(*(load_split(folder, part, in_memory=False) for part in PARTS))
    Run(config.out, Lasting(config.table, folder), config.seed, clips)
    fresh = False
    for number, stage in enumerate(stages, start=1):
        name = stage.config.out.relative_to(config.out).as_posix()
        print(f"[{number}/{len(stages)}] {name}", file=sys.stderr)
        try:
            fresh_now = stage.run()
        except Diverged as error:
            raise Diverged(f"{name}: {error.what}", f"look at the clips with skel-data info {folder}") from error
        if fresh_now:
            fresh = True
            _write(config, folder, meta)
    if config.stream == "all":
        for protocol in PROTOCOLS:
            if fresh or not (config.out / "3s" / protocol / METRICS_FILE).is_file():
                _measure_ensemble(config, folder, protocol)
    table = _write(config, folder, meta)
    print(table.read_text(encoding="utf-8"))
    return table


def _find(config: ReproduceConfig) -> tuple[Path, dict[str, Any]]:
    """The folder of the split that the table is about, and its description."""
    dataset, split = SETS[config.table]
    folder = find_split(config.data / split if (config.data / split).is_dir() else config.data).resolve()
    meta = load_meta(folder)
    if (meta["dataset"], meta["split"]) != (dataset, split):
        raise UserError(f"{folder} holds {meta['dataset']} {meta['split']}, {config.table} needs {dataset} {split}")
    return folder, meta


def _stages(config: ReproduceConfig, data: Path, stream: Stream) -> Iterator[Stage]:
    """Pre-training, and everything that starts from it, with the published settings."""
    folder = config.out / stream
    encoder = folder / "pretrain"
    common: dict[str, Any] = {
        "data": (data,),
        "stream": stream,
        "channels": config.channels,
        "empty_bodies": "keep",
        "batch_size": config.batch_size,
        "seed": config.seed,
        "device": config.device,
    }
    faster: dict[str, Any] = {"precision": config.precision, "compile": config.compile}
    yield Stage(PretrainConfig(out=encoder, epochs=config.pretrain_epochs, **common, **faster), pretrain)
    common["select"] = config.select
    yield Stage(LinearConfig(out=folder / "linear", init=encoder, epochs=config.linear_epochs, **common), linear)
    common |= {
        "epochs": config.finetune_epochs,
        "optimiser": "sgd",
        "learning_rate": 0.1,
        "weight_decay": 1e-4,
        "schedule": "step",
        "label_smoothing": 0.0,
        "variation": UNVARIED,
        "precision": config.precision,
    }
    learned = {**common, "init": encoder, "evaluation_mode": True}
    few = {**learned, "clip_gradients": 2.0}
    yield Stage(FinetuneConfig(out=folder / "labels-1", labels=0.01, **few), finetune)
    yield Stage(FinetuneConfig(out=folder / "labels-10", labels=0.1, **few), finetune)
    yield Stage(FinetuneConfig(out=folder / "finetune", **learned), finetune)
    yield Stage(FinetuneConfig(out=folder / "supervised", **common), finetune)


def _measure_ensemble(config: ReproduceConfig, data: Path, protocol: Protocol) -> None:
    runs = [config.out / stream / protocol for stream in STREAMS]
    report, _ = score_together(load_ensemble(runs), runs, load_split(data, "val"), pick_device(config.device))
    write_text(config.out / "3s" / protocol / METRICS_FILE, json.dumps(report.to_json(), indent=1, ensure_ascii=False))


def _write(config: ReproduceConfig, data: Path, meta: dict[str, Any]) -> Path:
    """The table of all runs that have ended."""
    rows = list(_rows(config))
    notes = list(_notes(config, meta))
    fields = {"table": config.table, "data": str(data), "notes": notes, "rows": rows}
    write_text(config.out / "table.json", json.dumps(fields, indent=1, ensure_ascii=False))
    lines = [f"# {config.table}: AimCLR, top-1 in %", "", "| protocol | stream | published | ours | difference |"]
    lines.append("|---|---|---:|---:|---:|")
    for row in rows:
        published, ours = row["published"], row["top1"]
        shown = ["–" if value is None else f"{value:.2f}" for value in (published, ours)]
        shown.append("–" if published is None or ours is None else f"{ours - published:+.2f}")
        lines.append(f"| {TITLES[row['protocol']]} | {row['stream']} | {' | '.join(shown)} |")
    lines += ["", *(f"- {note}" for note in notes)]
    write_text(config.out / TABLE_FILE, "\n".join(lines) + "\n")
    return config.out / TABLE_FILE


def _rows(config: ReproduceConfig) -> Iterator[dict[str, Any]]:
    entries: tuple[Entry, ...] = ("joint", "motion", "bone", "3s") if config.stream == "all" else (config.stream,)
    for protocol in PROTOCOLS:
        for entry in entries:
            run = config.out / entry / protocol
            report = report_of(run) if (run / METRICS_FILE).is_file() else None
            yield {
                "protocol": protocol,
                "stream": entry,
                "published": PUBLISHED[config.table].get(protocol, {}).get(entry),
                "top1": report and 100 * report.top1,
                "top5": report and 100 * report.top5,
            }


def _notes(config: ReproduceConfig, meta: dict[str, Any]) -> Iterator[str]:
    """What a reader must know to compare the columns."""
    counts = " training and ".join(str(len(meta["parts"][part]["subjects"])) for part in ("train", "val"))
    yield f"data: {meta['dataset']} {meta['split']}, {counts} test clips, seed {config.seed}"
    yield (
        f"epochs: {config.pretrain_epochs} of pre-training (published 300), {config.linear_epochs} of linear evaluation "
        f"(published 100), {config.finetune_epochs} of every other run (not published)"
    )
    if config.select == "test":
        yield "each run is measured at its best epoch on the test set, as published: the test set chose the epoch"
    else:
        yield "each run is measured at its last epoch; the published figures are those of the best epoch on the test set"
    yield "3s: .6 joint + .6 bone + .4 motion on logits"
    if ClipConfig.from_json(meta["clip"]) != AIMCLR:
        yield "the clips were not made as published (skel-data prepare --clip aimclr --people reference)"
    if (people := meta.get("people", "unknown")) != "reference":
        yield f"people in the clips: {people} (published: reference, see skel-data prepare --people)"
    if config.channels != 16 or config.batch_size != 128:
        yield f"{config.channels} channels and batches of {config.batch_size} (published 16 and 128)"
    if config.precision != "fp32":
        yield f"learned in {config.precision}, measured in float32 (published: float32 throughout)"
