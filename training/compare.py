"""`skel-train compare`: how few labels of a target set are enough, from several starts and with several choices of clips."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np

from skel.skeleton.errors import UserError
from skel.training.adaptation_config import (
    CompareConfig,
    FinetuneOptions,
    LinearOptions,
    PretrainOptions,
    Protocol,
    Selection,
    Start,
)
from skel.training.checkpoint import MODEL_FILE, load_model
from skel.training.comparison_table import Comparison, Curve, Point, percent, write_table
from skel.training.config import FinetuneConfig, LinearConfig, PretrainConfig
from skel.training.dataset import UNLABELLED, ClipSet, digest, find_split, fingerprints, load_meta, load_split
from skel.training.device import pick_device
from skel.training.evaluate import predict
from skel.training.join import check_each_once, require_alike
from skel.training.labelled import LABELLED_FILE
from skel.training.option_checks import check_options
from skel.training.report import METRICS_FILE, report_of
from skel.training.run import Run, provenance
from skel.training.selection import typical
from skel.training.side_by_side import train_all
from skel.training.splits import few_labels, read_names, unique_names, write_names


@dataclass(frozen=True)
class Trial:
    """One run on labels; with all of them, there is nothing to select."""

    protocol: Protocol
    start: Start
    selection: Selection | Literal["all"]
    share: float
    seed: int

    @property
    def folder(self) -> Path:
        """Where it lies in the comparison's folder."""
        chosen = "all" if self.selection == "all" else f"{self.selection}-{self.share:g}"
        return Path(self.protocol, self.start, chosen, f"seed-{self.seed}")

    @property
    def names_file(self) -> Path | None:
        """Where the comparison writes which clips are labelled; None where their share says it."""
        if self.selection == "random":
            return Path("labels", f"random-{self.share:g}-{self.seed}.json")
        if self.selection == "typical":
            return Path("labels", f"typical-{self.start}-{self.share:g}-{self.seed}.json")
        return None


@dataclass(frozen=True)
class Lasting:
    """What may not change when a comparison goes on."""

    source: tuple[Path, ...]
    target: Path
    longer: float
    pretrain: PretrainOptions
    finetune: FinetuneOptions
    linear: LinearOptions


def compare(config: CompareConfig) -> Path:
    """Pre-train, learn, measure; print the table, and write it with a picture and as JSON; returns the folder of it all.

    Every run has a folder of its own, and one that has ended is not repeated.
    """
    config = _checked(config)
    lasting = Lasting(*(getattr(config, field.name) for field in fields(Lasting)))
    parts = [load_split(path, "train", in_memory=False) for path in (*config.source, config.target)]
    test = load_split(config.target, "val", in_memory=False)
    measured = fingerprints(test)
    _refuse_seen(config, parts, measured)
    Run(config.out, lasting, config.pretrain.seed, digest(*parts, test), parts=("finetune", "linear"))
    config = replace(config, labels=_distinct(config.labels, parts[-1]))
    trials = plan(config)
    encoders: dict[Start, Path] = {start: config.out / "pretrain" / start for start in config.starts if start != "scratch"}
    train_all(
        [_pretraining(config, start, folder) for start, folder in encoders.items()], MODEL_FILE, config.jobs, config.out
    )
    _choose_clips(config, trials, encoders)
    train_all([_run_on_labels(config, trial, encoders) for trial in trials], METRICS_FILE, config.jobs, config.out)
    known = set(fingerprints(parts[-1]))
    seen = sum(mark in known for mark in measured)
    print(write_table(_result(config, len(test), seen), config.out))
    return config.out


def _refuse_seen(config: CompareConfig, parts: Sequence[ClipSet], measured: Sequence[str]) -> None:
    """`UserError` where encoders would see clips that are measured on, as in another split of the target's set."""
    for source, part in zip(config.source, parts):
        if seen := len(set(measured).intersection(fingerprints(part))):
            raise UserError(
                f"{seen} of the clips that {config.target} is measured on are in the training part of {source}: "
                "give a --source of other people or classes"
            )


def _distinct(shares: Sequence[float], train: ClipSet) -> tuple[float, ...]:
    """Without those that label the same clips as a larger one, since at least one of each class is."""
    counts = np.bincount(train.labels)
    of_each = {share: tuple(np.maximum(1, np.round(share * counts))) for share in sorted(shares)}
    largest = {clips: share for share, clips in of_each.items()}
    for share, clips in of_each.items():
        if (other := largest[clips]) != share:
            print(f"note: {percent(share)} label the same clips as {percent(other)}: left out", file=sys.stderr)
    return tuple(share for share in shares if share in largest.values())


def curves(config: CompareConfig) -> list[tuple[Protocol, Start, Selection]]:
    """What is compared: where there is no encoder, nothing can be typical, and nothing linear."""
    return [
        (protocol, start, selection)
        for protocol, start, selection in product(config.protocol, config.starts, config.selection)
        if start != "scratch" or (protocol == "finetune" and selection != "typical")
    ]


def plan(config: CompareConfig) -> list[Trial]:
    """All runs on labels: small shares first. From scratch with all labels is what the others are compared with."""
    shares, seeds = sorted(config.labels), range(config.seeds)
    trials = [_trial(*curve, share, seed) for share, curve, seed in product(shares, curves(config), seeds)]
    trials += [_trial("finetune", "scratch", "balanced", 1.0, seed) for seed in seeds]
    return list(dict.fromkeys(trials))


def _trial(protocol: Protocol, start: Start, selection: Selection, share: float, seed: int) -> Trial:
    return Trial(protocol, start, "all" if share == 1 else selection, share, seed)


def _checked(config: CompareConfig) -> CompareConfig:
    """With whole paths; `UserError` for what would only show after hours."""
    for share in config.labels:
        if not 0 < share <= 1:
            raise UserError(f"--labels must lie between 0 and 1, not {share:g}")
    for name in ("source", "labels", "starts", "selection", "protocol"):
        if not getattr(config, name):
            raise UserError(f"--{name} needs at least one value")
    for name in ("seeds", "jobs", "longer"):
        if getattr(config, name) < 1:
            raise UserError(f"--{name} must be 1 or more, not {getattr(config, name):g}")
    if not curves(config):
        raise UserError("from scratch there is no encoder to choose typical clips by or to keep frozen: give other --starts")
    for name in ("pretrain", "finetune", "linear"):
        check_options(getattr(config, name), f"--{name}.")
    pick_device(config.device)
    source, target = tuple(find_split(path).resolve() for path in config.source), find_split(config.target).resolve()
    check_each_once(source, "--source")
    if target in source:
        raise UserError(f"{target} is both source and target: give a --source of other people or classes")
    require_alike((*source, target))
    if UNLABELLED in load_meta(target)["classes"]:
        raise UserError(f"{target} has clips without a label, and compare needs all of them: use select and finetune")
    return replace(config, source=source, target=target, out=config.out.resolve())


def _pretraining(config: CompareConfig, start: Start, folder: Path) -> PretrainConfig:
    data = {"source": config.source, "source+target": (*config.source, config.target), "target": (config.target,)}
    return PretrainConfig(**_options(config.pretrain, PretrainConfig, data=data[start], out=folder, device=config.device))


def _run_on_labels(config: CompareConfig, trial: Trial, encoders: Mapping[Start, Path]) -> FinetuneConfig | LinearConfig:
    names = trial.names_file
    options = config.finetune if trial.protocol == "finetune" else config.linear
    settings = {
        "data": (config.target,),
        "out": config.out / trial.folder,
        "init": encoders.get(trial.start),
        "labels": trial.share if names is None else config.out / names,
        "epochs": round(options.epochs * min(1 / trial.share, config.longer)),
        "seed": trial.seed,
        "device": config.device,
        **{name: getattr(config.pretrain, name) for name in ("stream", "channels", "empty_bodies")},
    }
    if trial.start == "scratch":
        settings["evaluation_mode"] = False  # there is no encoder whose statistics it would keep
    if trial.protocol == "finetune":
        return FinetuneConfig(**_options(options, FinetuneConfig, **settings))
    return LinearConfig(**_options(options, LinearConfig, **settings))


def _options(options: Any, kind: type, **settings: Any) -> dict[str, Any]:
    """The fields of a command's options, some of them set."""
    return {field.name: getattr(options, field.name) for field in fields(kind)} | settings


def _choose_clips(config: CompareConfig, trials: Sequence[Trial], encoders: Mapping[Start, Path]) -> None:
    """Write the lists of clips that are not written yet: as many clips as the same share of each class."""
    wanted = {trial.names_file: trial for trial in trials if trial.names_file is not None}
    missing = {name: trial for name, trial in wanted.items() if not (config.out / name).is_file()}
    if not missing:
        return
    clips = load_split(config.target, "train")
    names = unique_names(clips)
    embeddings = {
        start: _embedded(encoders[start], clips, config.device)
        for start in dict.fromkeys(trial.start for trial in missing.values() if trial.selection == "typical")
    }
    for name, trial in missing.items():
        budget = len(few_labels(clips, trial.share, trial.seed))
        if trial.selection == "typical":
            places = typical(embeddings[trial.start], budget, trial.seed).places
        else:
            places = np.random.default_rng(trial.seed).permutation(len(clips))[:budget]
        write_names(config.out / name, [names[place] for place in places])


def _embedded(encoder: Path, clips: ClipSet, device: str) -> Any:
    print(f"embedding {len(clips)} clips with {encoder.name}", file=sys.stderr)
    return predict(load_model(encoder)[0], clips, pick_device(device)).embeddings


def _result(config: CompareConfig, count: int, seen: int) -> Comparison:
    def point(protocol: Protocol, start: Start, selection: Selection, share: float) -> Point:
        trials = [_trial(protocol, start, selection, share, seed) for seed in range(config.seeds)]
        folders = [config.out / trial.folder for trial in trials]
        labelled = len(read_names(folders[0] / LABELLED_FILE))
        return Point(share, labelled, tuple(report_of(folder).top1 for folder in folders))

    shares = sorted(set(config.labels))
    found = tuple(Curve(*curve, tuple(point(*curve, share) for share in shares)) for curve in curves(config))
    full = point("finetune", "scratch", "balanced", 1.0)
    source, target = tuple(_name(path) for path in config.source), _name(config.target)
    return Comparison(source, target, count, full, found, provenance(config, [*source, target]), seen)


def _name(folder: Path) -> str:
    meta = load_meta(folder)
    return f"{meta['dataset']} {meta['split']}"
