"""What `few_labels.py` has trained so far, as JSON, tables and plots:

python benchmarks/few_labels_report.py --work RUNS --json docs/results/few-labels.json --markdown docs/results.md \
    --plot docs/images/few-labels.png

What was measured on another machine is in the table, too, with `--known` and the report that was made there.
"""

import json
import platform
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import psutil
import tyro
from few_labels import (
    ALL,
    EPOCHS,
    LONG,
    LONG_EPOCHS,
    NAMES,
    PRETRAIN_EPOCHS,
    SEEDS,
    SELECTIONS,
    SHARES,
    Job,
    is_done,
    jobs,
    reported,
)

matplotlib.use("agg")

from matplotlib import pyplot as plt

BASELINES = json.loads((Path(__file__).parents[1] / "docs/results/joint-baselines.json").read_text())["top1_percent"]
"""What `joint_baselines.py` found on joints without a network: set, way, share → top-1 in %."""
METHOD_NAMES = {"skeletonclr": "SkeletonCLR", "aimclr": "AimCLR", "tranclr": "TranCLR"}
METHOD_NAMES[LONG] = f"AimCLR, {LONG_EPOCHS} epochs with neighbours,"
COLOURS = {"scratch": "#666666", "skeletonclr": "#0072b2", "aimclr": "#d55e00", "tranclr": "#009e73", LONG: "#cc79a7"}
TAUGHT = ", taught by its three streams"
KEY = ("target", "protocol", "start", "stream", "share")
START, END = "<!-- figures: benchmarks/few_labels_report.py -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Figure:
    """The results of one way to learn, a seed each."""

    target: str
    protocol: str
    start: str
    stream: str
    share: float
    clips: int
    seeds: tuple[int, ...]
    top1: tuple[float, ...]
    command: str

    @property
    def mean(self) -> float:
        return 100 * float(np.mean(self.top1))

    @property
    def deviation(self) -> float:
        return 100 * float(np.std(self.top1, ddof=1)) if len(self.top1) > 1 else float("nan")

    @property
    def text(self) -> str:
        spread = "" if np.isnan(self.deviation) else f" ± {self.deviation:.1f}"
        missing = "" if len(self.top1) == SEEDS else f" ({len(self.top1)} seed{'s'[: len(self.top1) > 1]})"
        return f"{self.mean:.1f}{spread}{missing}"


def collect(work: Path, report: Path | None = None) -> list[Figure]:
    """What is in the work folder, and in a report of other runs."""
    known = reported(report) if report else {}
    figures_before = json.loads(report.read_text())["figures"] if report else []
    clips_before = {tuple(figure[name] for name in KEY): figure["clips"] for figure in figures_before}
    grouped: dict[tuple[str, str, str, str, float], list[Job]] = {}
    for job in jobs():
        if job.folder.startswith("pretrain/") or job.folder.endswith(".json"):
            continue
        if job.folder in known or is_done(work / job.folder):
            target, rest = job.folder.split("/")
            protocol, rest = rest.split("-", 1)
            rest, share, _ = rest.rsplit("-", 2)
            stream = next(s for s in ("joint", "bone", "motion", "three-streams") if rest.endswith("-" + s))
            start = rest.removesuffix("-" + stream)
            grouped.setdefault((target, protocol, start, stream, float(share) / 100), []).append(job)
    figures = []
    for key, done in grouped.items():
        done.sort(key=_seed_of)
        top1 = [
            json.loads(path.read_text())["top1"]
            if (path := work / job.folder / "metrics.json").is_file()
            else known[job.folder]
            for job in done
        ]
        lists = [path for job in done if (path := work / job.folder / "labelled.json").is_file()]
        of_joints = (*key[:3], "joint", key[4])
        clips = len(json.loads(lists[0].read_text())) if lists else clips_before.get(key) or clips_before.get(of_joints, 0)
        told = shlex.join(("skel-train", *done[0].arguments)).format(sets="sets", work="runs")
        figures.append(Figure(*key, clips, tuple(map(_seed_of, done)), tuple(top1), told))
    return figures


def _seed_of(job: Job) -> int:
    return int(job.folder.rsplit("-", 1)[1])


def find(figures: list[Figure], *key: Any) -> Figure | None:
    return next((f for f in figures if (f.target, f.protocol, f.start, f.stream, f.share) == key), None)


def words(start: str) -> str:
    if start == "scratch":
        return "from scratch"
    sets, method = start.rsplit("-", 1)
    where = "all three sets" if sets == ALL else " + ".join(NAMES[name] for name in sets.split("+"))
    return f"{METHOD_NAMES[method]} on {where}"


def table(figures: list[Figure], target: str, starts: list[str]) -> list[str]:
    lines = ["| start | " + " | ".join(f"{100 * share:g} %" for share in SHARES) + " |", "|---" * (len(SHARES) + 1) + "|"]
    for way, top1 in BASELINES[target].items():
        lines.append(f"| {way} on joints | " + " | ".join(f"{top1[f'{share:g}']:.1f}" for share in SHARES) + " |")
    rows = [(words(start), start, "joint", "finetune") for start in starts]
    rows += [(f"{words(start)}, frozen encoder", start, "joint", "linear") for start in starts]
    rows += [
        (f"{words(start)}, {rule} clips", start, "joint", f"finetune_{rule}") for start in starts for rule in SELECTIONS
    ]
    rows += [(f"{words(start)}, typical clips{TAUGHT}", start, "joint", "finetune_typical_taught")
             for start in starts]  # fmt: skip
    streams = {"bone": "bone", "motion": "motion", "three-streams": "its three streams summed"}
    rows += [(f"{words(start)}, {said}", start, stream, "finetune") for start in starts
             for stream, said in streams.items()]  # fmt: skip
    rows += [(f"{words(start)}{TAUGHT}", start, "joint", "finetune_taught") for start in starts]
    for name, start, stream, protocol in rows:
        cells = [find(figures, target, protocol, start, stream, share) for share in SHARES]
        if any(cells):
            lines.append(f"| {name} | " + " | ".join(cell.text if cell else "" for cell in cells) + " |")
    return lines


def starts_of(figures: list[Figure], target: str) -> list[str]:
    found = {f.start for f in figures if f.target == target}
    return sorted(found, key=lambda start: (start != "scratch", start.count("+"), start.split("-")[0] != target, start))


def draw(figures: list[Figure], path: Path) -> None:
    targets = [target for target in NAMES if any(f.target == target for f in figures)]
    picture, axes = plt.subplots(1, len(targets), figsize=(4.2 * len(targets), 4.4), squeeze=False, sharey=True)
    for axis, target in zip(axes[0], targets):
        for (way, top1), line in zip(BASELINES[target].items(), (":", "--")):
            axis.plot(SHARES, [top1[f"{share:g}"] for share in SHARES], line, color="#aaaaaa", label=f"{way} on joints")
        for start in starts_of(figures, target):
            own = start == "scratch" or start.split("-")[0] == target
            line = "-" if own else "--" if "+" not in start else "-."
            method = start.rsplit("-", 1)[-1]
            ways = (("finetune", "", f"o{line}", COLOURS[method]), ("finetune_taught", TAUGHT, "D:", "#5e2a84"))
            for protocol, more, style, colour in ways:
                cells = [f for share in SHARES if (f := find(figures, target, protocol, start, "joint", share))]
                if cells:
                    beside = 1.035 ** len(axis.containers)  # bars at the same place would hide each other
                    axis.errorbar(
                        [beside * f.share for f in cells], [f.mean for f in cells],
                        [np.nan_to_num(f.deviation) for f in cells],
                        color=colour, markersize=4, capsize=2, fmt=style, label=words(start) + more,
                    )  # fmt: skip
        axis.set(title=NAMES[target], xlabel="share of labels", xscale="log", xticks=SHARES)
        axis.set_xticklabels([f"{100 * share:g} %" for share in SHARES])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("top-1, %")
    named = {label: handle for axis in axes[0] for handle, label in zip(*axis.get_legend_handles_labels())}
    below = 0.02 + 0.04 * -(-len(named) // 2)
    picture.legend(named.values(), named, fontsize=7, loc="lower center", ncols=2, columnspacing=1)
    picture.tight_layout(rect=(0, below, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=110)


@dataclass
class Report:
    """Collect, and write what is asked for."""

    work: Path
    known: Path | None = None
    """Report of runs whose folders are elsewhere; those of the work folder count where both have one."""
    json: Path | None = None
    markdown: Path | None = None
    """The tables are put between the two marks of this file."""
    plot: Path | None = None

    def __call__(self) -> None:
        figures = collect(self.work, self.known)
        if self.json:
            self.json.write_text(json.dumps(self._all(figures), indent=1) + "\n")
        text = []
        for target in NAMES:
            if starts := starts_of(figures, target):
                text += ["", f"### {NAMES[target]}", "", *table(figures, target, starts)]
        if self.markdown:
            before, rest = self.markdown.read_text().split(START)
            self.markdown.write_text(before + START + "\n" + "\n".join(text) + "\n\n" + END + rest.split(END)[1])
        else:
            print("\n".join(text))
        if self.plot:
            draw(figures, self.plot)

    def _all(self, figures: list[Figure]) -> dict[str, Any]:
        known = json.loads(self.known.read_text()) if self.known else {"machines": [], "pretraining": {}}
        log = [json.loads(line) for line in (self.work / "log.jsonl").read_text().splitlines()]
        pretrained = [job for job in jobs() if job.folder.startswith("pretrain/") and is_done(self.work / job.folder)]
        return {
            "command": "python benchmarks/few_labels.py --sets SETS --work RUNS",
            "machines": [
                *known["machines"],
                {
                    "machine": f"{psutil.cpu_count()} vCPU {_processor()}, one thread a run, other work beside it",
                    "median_load": float(np.median([line["load"] for line in log])),
                    "hours": round(sum(line["seconds"] for line in log) / 3600, 2),
                },
            ],
            "epochs": {target: {f"{share:g}": count for share, count in EPOCHS[target].items()} for target in EPOCHS},
            "pretrain_epochs": {**PRETRAIN_EPOCHS, f"{ALL}, long": LONG_EPOCHS},
            "pretraining": known["pretraining"]
            | {
                job.folder: shlex.join(("skel-train", *job.arguments)).format(sets="sets", work="runs") for job in pretrained
            },
            "figures": [
                {**{k: getattr(f, k) for k in (*KEY, "clips", "command", "seeds")},
                 "top1": [round(value, 4) for value in f.top1], "mean": round(f.mean, 2),
                 "deviation": None if np.isnan(f.deviation) else round(f.deviation, 2)}
                for f in figures
            ],
        }  # fmt: skip


def _processor() -> str:
    names = [line.split(":", 1)[1].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


if __name__ == "__main__":
    tyro.cli(Report)()
