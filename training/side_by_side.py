"""Many small training runs: one after the other, or several at once in processes of their own."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import torch

from skel.skeleton.errors import UserError
from skel.training.config import FinetuneConfig, LinearConfig, PretrainConfig
from skel.training.divergence import Diverged
from skel.training.finetune import finetune
from skel.training.pretrain import pretrain
from skel.training.probes import linear
from skel.training.workers import end_with_parent

AnyRun = PretrainConfig | FinetuneConfig | LinearConfig


def train_all(runs: Sequence[AnyRun], ending: str, jobs: int, root: Path) -> None:
    """Train all runs that do not have the file `ending` yet, which is the last that a run writes.

    One job runs here, under its own progress bar; of several, each is a quiet process with one thread. After each run a
    line says which it was, as a path in `root`, and about how long the others will take. `Diverged` says which it was, too.
    """
    left = [run for run in runs if not (run.out / ending).is_file()]
    done, begin = len(runs) - len(left), time.monotonic()

    def say(count: int, run: AnyRun) -> None:
        rest = (time.monotonic() - begin) / count * (len(left) - count)
        name = run.out.relative_to(root).as_posix()
        print(f"[{done + count}/{len(runs)}] {name} ended, about {rest / 60:.0f} min left", file=sys.stderr)

    if jobs == 1 or len(left) < 2:
        for count, run in enumerate(left, 1):
            with _named(run, root):
                train(run)
            say(count, run)
        return
    pool = ProcessPoolExecutor(min(jobs, len(left)), get_context("spawn"), _start_worker)
    try:
        futures = {pool.submit(train, run): run for run in left}
        for count, future in enumerate(as_completed(futures), 1):
            with _named(futures[future], root):
                future.result()
            say(count, futures[future])
    except BrokenProcessPool as error:
        raise UserError("a process was ended from outside, as when memory runs out: give fewer --jobs to go on") from error
    finally:
        pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C only what is running ends


@contextmanager
def _named(run: AnyRun, root: Path) -> Iterator[None]:
    """`Diverged` names the run, and the option as a comparison calls it."""
    try:
        yield
    except Diverged as error:
        part = {PretrainConfig: "pretrain", FinetuneConfig: "finetune", LinearConfig: "linear"}[type(run)]
        name = run.out.relative_to(root).as_posix()
        raise Diverged(f"{name}: {error.what}", f"give a lower --{part}.learning-rate") from error


def train(run: AnyRun) -> Path:
    """Whatever kind of run it is; it goes on where it was stopped."""
    if isinstance(run, PretrainConfig):
        return pretrain(run)
    return finetune(run) if isinstance(run, FinetuneConfig) else linear(run)


def _start_worker() -> None:
    end_with_parent()
    torch.set_num_threads(1)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for as long as the process lives
