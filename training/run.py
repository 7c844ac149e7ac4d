"""The folder of a training run: its configuration, its log, and the state that an interrupted run goes on from."""

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from rich.progress import TextColumn

from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path, lock, write_text
from skel.training import ranks
from skel.training.progress import bar
from skel.training.run_config import changed_options, plain, read_config

STATE_FILE, CONFIG_FILE = "state.pt", "config.json"
_CLIPS = "clips_digest"
STARTS_FILE = "starts.jsonl"
"""Of each start of a run, the first and those that go on: when, after which epoch, with which versions."""


class Stateful(Protocol):
    """What can be saved and gone on with: modules, optimisers."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """The inverse."""
        ...


def provenance(config: Any, data: list[str]) -> dict[str, Any]:
    """How and with what a model was made. It travels with the model, so the folders of absolute paths are left out."""
    return {
        "data": data,
        "command": shlex.join(without_folders(sys.argv)),
        "config": without_folders(plain(config)),
        **_code(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def without_folders(value: Any) -> Any:
    """JSON values in which every absolute path is replaced by its last part."""
    if isinstance(value, str):
        return Path(value).name if Path(value).is_absolute() else value
    if isinstance(value, dict):
        return {key: without_folders(item) for key, item in value.items()}
    return [without_folders(item) for item in value] if isinstance(value, list) else value


def _code() -> dict[str, Any]:
    """What is running."""
    versions = {name: version(name) for name in ("skel-action", "torch", "numpy")}
    return {"versions": {**versions, "python": platform.python_version()}, "git": _git_state()}


def _git_state() -> str:
    """The commit of the checkout that this file runs from, with + where it was changed; empty for an installed wheel."""
    here = Path(__file__)

    def git(*command: str) -> str:
        asked = ["git", "-C", str(here.parent), *command]
        return subprocess.run(asked, capture_output=True, text=True, timeout=5, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", here.name)  # a wheel may lie in the folder of somebody else's repository
        return git("describe", "--always", "--dirty=+", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return ""


class Run:
    """Opens the folder of a run, new or interrupted; `UserError` where it holds another run.

    Random numbers are seeded anew for every epoch from (seed, epoch), so an interrupted run goes on to the same numbers
    without any generator being saved.

    Args:
        clips: the `digest` of the clips that the run learns from and is measured on, which may not change either, and after
            spaces those of its teachers; left out, nobody looks.
        parts: of the configuration, each of which decides only what lies in the folder of its name: where there is none, the
            part may change.
    """

    def __init__(self, folder: Path, config: Any, seed: int, clips: str | None = None, parts: Collection[str] = ()) -> None:
        self.folder, self.seed, self.config = folder, seed, config
        self.log_path = folder / "log.jsonl"
        own = {"kind": type(config).__name__, **plain(config)}
        own.pop("out", None)
        if (folder / CONFIG_FILE).is_file():
            before = read_config(folder / CONFIG_FILE)
            if (before_clips := before.pop(_CLIPS, None)) and clips and before_clips != clips:
                what = (
                    "clips, or the folders that they are called after,"
                    if before_clips.split()[0] != clips.split()[0]
                    else "teachers"
                )
                raise UserError(
                    f"the {what} are no longer those that {folder} learned from: choose another --out, or delete it"
                )
            if changed := changed_options(before, own, config):
                of_parts = sorted({name.partition(".")[0] for name in changed})
                made = [str(folder / part) for part in of_parts if (folder / part).exists()]
                whole = not set(of_parts) <= set(parts)
                if whole or made:
                    left = "it" if whole else f"{' and '.join(made)}, and all else is kept"
                    raise UserError(
                        f"{folder} holds a run with another {', '.join(changed)}: choose another --out, or delete {left}"
                    )
                self._write_config(own, clips)
        elif folder.is_dir() and any(not path.name.startswith(f".{CONFIG_FILE}.") for path in folder.iterdir()):
            raise UserError(f"{folder} is not empty and holds no run: choose another --out")
        else:
            self._write_config(own, clips)

    def _write_config(self, own: dict[str, Any], clips: str | None) -> None:
        write_text(self.folder / CONFIG_FILE, json.dumps({**own, _CLIPS: clips} if clips else own, indent=1))

    def generator(self, epoch: int, device: torch.device) -> torch.Generator:
        """Seed everything random for one epoch; the generator is for what the epoch draws on the device.

        The generator is the same on all ranks; dropout, which draws from torch's own, differs.
        """
        seed = int(np.random.SeedSequence([self.seed, epoch]).generate_state(1, np.uint64)[0] >> np.uint64(1))
        torch.manual_seed((seed + ranks.rank()) % 2**63)
        return torch.Generator(device).manual_seed(seed)

    def train(
        self,
        epochs: int,
        state: Mapping[str, Stateful],
        one_epoch: Callable[[int, Callable[[], None]], dict[str, float]],
        steps: int,
        title: str,
    ) -> None:
        """Run the epochs that are left. `one_epoch(epoch, advance)` trains one, calls `advance` each step and
        gives its figures.

        State is saved after every epoch, in one step: whatever happens, at most one epoch is lost. Only rank 0 writes.
        `UserError` where another process trains this run.
        """
        with self._alone():
            first = self._resume(state)
            if not ranks.is_main():
                for epoch in range(first, epochs):
                    one_epoch(epoch, lambda: None)
                return
            from torch.utils.tensorboard import SummaryWriter

            started = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "after_epoch": first, **_code()}
            _append(self.folder / STARTS_FILE, started)
            columns = TextColumn("{task.fields[figures]}")
            board = SummaryWriter(str(self.folder / "tensorboard"), purge_step=first)
            with closing(board), bar(title, "steps", columns) as progress:
                task = progress.add_task("", total=epochs * steps, completed=first * steps, figures="")
                for epoch in range(first, epochs):
                    figures = one_epoch(epoch, lambda: progress.advance(task))
                    self._log(epoch, figures)
                    for name, value in figures.items():
                        board.add_scalar(name, value, epoch)
                    self._save(epoch + 1, state)
                    shown = " ".join(f"{name} {value:.3g}" for name, value in figures.items())
                    progress.update(task, figures=f"epoch {epoch + 1}/{epochs} {shown}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out processes that are not of this run; `UserError` where one of them was first."""
        if not ranks.is_main():
            yield
            return
        with (self.folder / ".lock").open("ab") as file:
            if not lock(file):
                raise UserError(f"{self.folder} is being trained by another process: wait for it, or choose another --out")
            yield

    def _resume(self, state: Mapping[str, Stateful]) -> int:
        path, first = self.folder / STATE_FILE, 0
        if path.is_file():
            saved = _read_state(path)
            try:
                for name, part in state.items():
                    part.load_state_dict(saved[name])
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                why = str(error).splitlines()[0]
                raise UserError(
                    f"{path} is of another network ({why}): choose another --out, or delete the folder"
                ) from error
            first = int(saved["epoch"])
        if not ranks.is_main():
            return first
        # What the log says of an epoch whose state was lost is dropped: that epoch runs again.
        if self.log_path.is_file():
            lines = self.log_path.read_text(encoding="utf-8").splitlines()[:first]
            write_text(self.log_path, "".join(line + "\n" for line in lines))
        if first:
            print(f"resuming {self.folder} after epoch {first}", file=sys.stderr)
        return first

    def _save(self, epoch: int, state: Mapping[str, Stateful]) -> None:
        with atomic_path(self.folder / STATE_FILE) as path:
            torch.save({"epoch": epoch, **{name: part.state_dict() for name, part in state.items()}}, path)

    def _log(self, epoch: int, figures: dict[str, float]) -> None:
        _append(self.log_path, {"epoch": epoch + 1, **figures})


def _read_state(path: Path) -> Any:
    """What was saved after an epoch; `UserError` where it is damaged."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of damaged bytes an unpickler raises whatever the one operation that they look like does
        raise UserError(f"{path} is damaged: delete this file, and the run begins anew") from error


def _append(path: Path, values: dict[str, Any]) -> None:
    """One JSON object a line, on the disk before this returns."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\n")
        file.flush()
        os.fsync(file.fileno())
