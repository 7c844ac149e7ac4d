"""How few labels are enough on real recordings: pre-trained by each method against from scratch, and from other sets.

Trains everything that docs/results/few-labels.json reports (`few_labels_report.py` gathers it):

    python benchmarks/few_labels.py --sets SETS --work RUNS [--jobs 2] [--minutes 60]

SETS holds `utd-mhad`, `nw-ucla` and `utd-mhad-kinect2` as `skel-data prepare` makes them (CONTRIBUTING.md). Each run is one
`skel-train` command, one thread, in a folder of its own; what is finished is not repeated, so the script may be stopped and
given again. On another machine, `--known docs/results/few-labels.json` leaves out what was measured before. Schedules are
the same for all starts, and the last epoch is measured; docs/results.md says how they were chosen.
"""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import tyro

from skel.training.dataset import load_split
from skel.training.splits import unique_names, write_names

SEEDS = 5
SHARES = (0.05, 0.1, 0.4, 1.0)
METHODS = ("aimclr", "tranclr", "skeletonclr")
STREAMS = ("joint", "bone", "motion")
SELECTIONS = ("typical", "random")
FOLDERS = {"utd": "utd-mhad/xsub", "nw": "nw-ucla/xview", "k2": "utd-mhad-kinect2/xsub"}
NAMES = {"utd": "UTD-MHAD", "nw": "NW-UCLA", "k2": "UTD-MHAD Kinect v2"}
ALL = "utd+nw+k2"
CLIPS = {"utd": {0.05: 27, 0.1: 54}, "nw": {0.05: 51, 0.1: 102}}  # how many labels a share is

# Small sets make few steps: about 500 here, where the published runs take 90,000. So the key encoder must follow faster, and
# pairs are told apart more gently (docs/adaptation.md).
PRETRAIN_EPOCHS = {"utd": 36, "nw": 16, "utd+nw": 14, "utd+nw+k2": 36}
LONG = "aimclr_long"
"""AimCLR on all three sets in three times as many epochs, neighbours mined in the second half of them, as published."""
LONG_EPOCHS = 3 * PRETRAIN_EPOCHS[ALL]
EPOCHS = {  # the same for all starts
    "utd": {0.05: 480, 0.1: 360, 0.4: 150, 1.0: 40},
    "nw": {0.05: 360, 0.1: 270, 0.4: 90, 1.0: 80},
    "k2": {0.05: 600, 0.1: 480, 0.4: 240, 1.0: 150},
}
TAUGHT_EPOCHS = {"utd": 50, "nw": 30}
"""Passes over all training clips, most of them named by teachers: as many steps as few labels take in their many epochs."""


@dataclass(frozen=True)
class Job:
    """One run: `folder` below the work folder, what `skel-train` is told, the runs that it needs, and how urgent it is."""

    folder: str
    arguments: tuple[str, ...]
    after: tuple[str, ...]
    urgency: int


def pretrain_job(sets: str, method: str, urgency: int) -> Job:
    data = [f"{{sets}}/{FOLDERS[name]}" for name in sets.split("+")]
    epochs = LONG_EPOCHS if method == LONG else PRETRAIN_EPOCHS[sets]
    options = ["--method", method.removesuffix("_long"), "--method.momentum", ".99", "--method.initial-values", "torch"]
    options += ["--method.views.shear", ".2"]
    if method != "tranclr":
        options += ["--method.temperature", ".2"]
    if method == LONG:
        options += ["--method.mining-from-epoch", str(epochs // 2)]
    options += ["--batch-size", "32", "--learning-rate", ".05", "--schedule", "cosine", "--stream", "joint"]
    options += ["--epochs", str(epochs)]
    return Job(f"pretrain/{sets}-{method}-joint", ("pretrain", "--data", *data, *options), (), urgency)


def run_folder(target: str, start: str, stream: str, share: float, seed: int, protocol: str = "finetune") -> str:
    return f"{target}/{protocol}-{start}-{stream}-{100 * share:g}-{seed}"


def label_job(
    target: str, start: str, stream: str, share: float, seed: int, urgency: int, protocol: str = "finetune"
) -> Job:
    """`start` is 'scratch' or 'SETS-METHOD', the name of a pre-training; every stream begins from its joint encoder."""
    arguments = [protocol, "--data", f"{{sets}}/{FOLDERS[target]}", "--labels", f"{share:g}", "--seed", str(seed)]
    arguments += ["--stream", stream]
    if protocol == "finetune":
        arguments += ["--epochs", str(EPOCHS[target][share]), "--batch-size", "16"]
    after = () if start == "scratch" else (f"pretrain/{start}-joint",)
    arguments += [word for name in after for word in ("--init", f"{{work}}/{name}")]
    return Job(run_folder(target, start, stream, share, seed, protocol), tuple(arguments), after, urgency)


def selected_jobs(
    target: str, start: str, rule: str, share: float, seed: int, urgency: int, stream: str = "joint"
) -> list[Job]:
    """As `label_job`, but which clips are labelled is chosen without labels: 'typical' ones, or any ('random')."""
    folder = run_folder(target, start, stream, share, seed, f"finetune_{rule}")
    names = run_folder(target, start, "joint", share, seed, f"finetune_{rule}") + ".json"
    encoder = f"pretrain/{start}-joint"
    told = ["--data", f"{{sets}}/{FOLDERS[target]}", "--budget", str(CLIPS[target][share]), "--seed", str(seed)]
    if rule == "typical":
        choice = Job(
            names, ("select", *told, "--init", f"{{work}}/{encoder}", "--out", f"{{work}}/{names}"), (encoder,), urgency
        )
    else:
        choice = Job(names, ("random-names", *told), (), urgency)
    learning = label_job(target, start, stream, share, seed, urgency)
    arguments = list(learning.arguments)
    arguments[arguments.index("--labels") + 1] = f"{{work}}/{names}"
    return [choice, Job(folder, tuple(arguments), (*learning.after, names), urgency)]


def ensemble_jobs(target: str, start: str, share: float, seed: int, urgency: int) -> list[Job]:
    learned = [label_job(target, start, stream, share, seed, urgency) for stream in STREAMS]
    runs = tuple(job.folder for job in learned)
    folder = run_folder(target, start, "three-streams", share, seed)
    checkpoints = [f"{{work}}/{run}" for run in runs]
    arguments = ["evaluate", "--checkpoint", *checkpoints, "--data", f"{{sets}}/{FOLDERS[target]}"]
    return [*learned, Job(folder, (*arguments, "--json", f"{{work}}/{folder}/metrics.json"), runs, urgency)]


def taught_jobs(target: str, start: str, share: float, seed: int, urgency: int) -> list[Job]:
    """Joints that also learn what the three streams say of the clips without a label."""
    return _taught(target, ensemble_jobs(target, start, share, seed, urgency)[:-1], "finetune")


def selected_and_taught_jobs(target: str, start: str, share: float, seed: int, urgency: int) -> list[Job]:
    """The same on typical clips: everything that helps together."""
    streams = [selected_jobs(target, start, "typical", share, seed, urgency, stream) for stream in STREAMS]
    return [streams[0][0], *_taught(target, [learning for _, learning in streams], "finetune_typical")]


def _taught(target: str, teachers: list[Job], protocol: str) -> list[Job]:
    joints = teachers[0]
    runs = tuple(job.folder for job in teachers)
    arguments = list(joints.arguments)
    arguments[arguments.index("--epochs") + 1] = str(TAUGHT_EPOCHS[target])
    told = ("--teachers", *(f"{{work}}/{run}" for run in runs))
    folder = joints.folder.replace(protocol, f"{protocol}_taught", 1)
    return [*teachers, Job(folder, (*arguments, *told), (*joints.after, *runs), joints.urgency)]


def jobs() -> list[Job]:
    """Everything, the most telling first: three seeds of every row, then what only says more of the same."""
    few, many = SHARES[:2], SHARES[2:]
    best, others = f"{ALL}-{LONG}", [f"{ALL}-{method}" for method in METHODS]
    found = [pretrain_job(ALL, method, later) for later, method in enumerate((*METHODS, LONG))]
    found += [pretrain_job(sets, "aimclr", 21) for sets in ("utd", "nw", "utd+nw")]

    def learn(target: str, starts: Sequence[str], shares: Sequence[float], urgency: int) -> None:
        found.extend(label_job(target, *start, seed, urgency) for start in itertools.product(starts, ["joint"], shares))

    for seed in range(SEEDS):
        rank = seed if seed < 3 else seed + 100
        for target in ("nw", "utd"):
            learn(target, ["scratch", best], few, 8 + seed)
            found += [label_job(target, start, "joint", 1.0, seed, 14, "linear") for start in (best, *others)]
            found += ensemble_jobs(target, best, 1.0, seed, (7, 43, 44, 143, 144)[seed])
            for share in few:
                found += ensemble_jobs(target, best, share, seed, 46 + rank)
            found += taught_jobs(target, best, few[0], seed, 13 + rank)
            found += taught_jobs(target, best, few[1], seed, 46 + rank)
            found += selected_and_taught_jobs(target, best, few[0], seed, 13 + rank)
            for rule in SELECTIONS:
                found += selected_jobs(target, best, rule, few[0], seed, 20 + rank)
                found += selected_jobs(target, best, rule, few[1], seed, 46 + rank)
            learn(target, others, few, 30 + rank)
            learn(target, ["scratch", best], many, 15 + rank)
            # What the other sets bring: pre-trained on the target's own training part only.
            learn(target, [f"{target}-aimclr"], few, 180 + rank)
            learn(target, others, many, (45, 51, 52, 190, 191)[seed])
        # Adaptation: other people, other sensors, other classes.
        learn("nw", ["utd-aimclr"], few, 26 + rank)
        learn("nw", ["utd-aimclr"], many, 190 + rank)
        learn("k2", ["utd+nw-aimclr", "scratch"], SHARES, 26 + rank)
    unique: dict[str, Job] = {}
    for job in found:
        if job.folder not in unique or job.urgency < unique[job.folder].urgency:
            unique[job.folder] = job
    return sorted(unique.values(), key=lambda job: job.urgency)


def reported(report: Path) -> dict[str, float]:
    """Folder → top-1 of the runs in a report that `few_labels_report.py` has written."""
    return {
        run_folder(figure["target"], figure["start"], figure["stream"], figure["share"], seed, figure["protocol"]): top1
        for figure in json.loads(report.read_text())["figures"]
        for seed, top1 in zip(figure["seeds"], figure["top1"])
    }


def is_done(job_folder: Path) -> bool:
    if job_folder.suffix == ".json":  # a list of clips
        return job_folder.is_file()
    pretrained = job_folder.parent.name == "pretrain"
    return (job_folder / ("model.safetensors" if pretrained else "metrics.json")).is_file()


@dataclass
class Run:
    """Train what is missing, the most telling runs first."""

    sets: Path
    work: Path
    jobs: int = 1
    """Side by side, with one thread each."""
    minutes: float = float("inf")
    """Begin no run after this time, and stop those under way; they go on next time."""
    known: Path | None = None
    """A report of runs whose folders are elsewhere: repeated are only those that another run begins from."""
    only: str = ""
    """Only runs whose folder's name has this in it, and the pre-trainings that they begin from."""

    def __call__(self) -> None:
        known = reported(self.known) if self.known else {}
        wanted = [job for job in jobs() if self.only in job.folder and job.folder not in known]
        needed: set[str] = set()
        left = [job for job in jobs() if not is_done(self.work / job.folder)]
        while more := {name for job in left if job in wanted or job.folder in needed for name in job.after} - needed:
            needed |= more
        todo = [job for job in left if job in wanted or job.folder in needed]
        until_s = time.monotonic() + 60 * self.minutes
        lock, busy, under_way = threading.Lock(), set[str](), set[str]()

        def take() -> Job | None:
            with lock:
                for job in todo:
                    if job.folder not in busy and all(is_done(self.work / name) for name in job.after):
                        busy.add(job.folder)
                        under_way.add(job.folder)
                        return job
                return None

        def work() -> None:
            while time.monotonic() < until_s:
                job = take()
                if job is None:  # what is left waits for a run under way, or for one that has failed
                    if len(busy) == len(todo) or not under_way:
                        return
                    time.sleep(1)
                    continue
                self._train(job, until_s)
                with lock:
                    under_way.discard(job.folder)

        threads = [threading.Thread(target=work) for _ in range(self.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _train(self, job: Job, until_s: float) -> None:
        folder = self.work / job.folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        if job.arguments[0] == "random-names":
            _, _, data, _, budget, _, seed = job.arguments
            names = unique_names(load_split(Path(data.format(sets=self.sets)), "train"))
            write_names(folder, np.random.default_rng(int(seed)).permutation(names)[: int(budget)].tolist())
            return
        told = [word.format(sets=self.sets.resolve(), work=self.work.resolve()) for word in job.arguments]
        command = [str(Path(sys.executable).with_name("skel-train")), *told, "--device", "cpu"]
        if job.arguments[0] == "evaluate":
            folder.mkdir(exist_ok=True)
        elif job.arguments[0] != "select":
            command += ["--out", str(folder.resolve())]
        started_s = time.monotonic()
        with folder.with_name(folder.name + ".log").open("ab") as log:
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            with subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
                while process.poll() is None and time.monotonic() < until_s:
                    time.sleep(0.5)
                process.terminate()
        seconds = round(time.monotonic() - started_s, 1)
        done = is_done(folder)
        line = {"run": job.folder, "seconds": seconds, "load": psutil.getloadavg()[0], "done": done}
        if (metrics := folder / "metrics.json").is_file():
            line["top1"] = round(json.loads(metrics.read_text())["top1"], 4)
        with (self.work / "log.jsonl").open("a") as log_file:
            log_file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    tyro.cli(Run)()
