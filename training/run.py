"""The folder of a training run: its configuration, its log, and the state that an interrupted run goes on from."""

import dataclasses
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
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

STATE_FILE = "state.pt"
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


class Diverged(UserError):  # noqa: N818 - says what happened
    """The loss is no longer a number."""


def check_finite(loss: float, epoch: int, step: int) -> None:
    """`Diverged` with the place and the mend unless the loss is finite."""
    if not np.isfinite(loss):
        raise Diverged(f"the loss became {loss} in epoch {epoch + 1}, step {step + 1}: lower --learning-rate")


class Figures:
    """The mean losses of an epoch, over all ranks; `Diverged` where one is no number.

    On a GPU they are looked at only so often: each look waits for what is still being computed.
    """

    def __init__(self, epoch: int, device: torch.device) -> None:
        self.epoch, self.every = epoch, 1 if device.type == "cpu" else 50
        self._names: list[str] = []
        self._seen: list[torch.Tensor] = []  # (steps, losses) of each look
        self._waiting: list[torch.Tensor] = []

    def add(self, losses: Mapping[str, torch.Tensor]) -> None:
        """Take the losses of one step, scalars."""
        self._names = list(losses)
        self._waiting.append(torch.stack([value.detach().float() for value in losses.values()]))
        if len(self._waiting) == self.every:
            self._look()

    def _look(self) -> None:
        before = sum(map(len, self._seen))
        values = ranks.averaged(torch.stack(self._waiting)).cpu()
        self._waiting.clear()
        for step, row in enumerate(values.tolist(), before):
            check_finite(row[self._names.index("loss")], self.epoch, step)
        self._seen.append(values)

    def means(self) -> dict[str, float]:
        """By name."""
        if self._waiting:
            self._look()
        means = torch.cat(self._seen).double().mean(dim=0)
        return dict(zip(self._names, means.tolist()))


def plain(config: Any) -> Any:
    """A configuration as JSON types, which is what it is compared as when a run is resumed."""
    return json.loads(json.dumps(dataclasses.asdict(config), default=str))


def _changed(before: dict[str, Any], own: dict[str, Any], config: Any) -> list[str]:
    """The options in which a run's configuration differs from `own`, which is `config` as JSON types.

    One that the run was begun without, by an older version, was as its default is now: no new
    option changes what is done unless given.
    """
    changed = [name for name in before.keys() - own.keys() if name != "out"]
    for name, value in own.items():
        part = getattr(config, name, None)
        if name not in before:
            fields = {field.name: field for field in dataclasses.fields(config)}
            same = name in fields and value == _plain_default(fields[name])
        elif dataclasses.is_dataclass(part) and isinstance(before[name], dict):
            changed += [f"{name}.{inner}" for inner in _changed(before[name], value, part)]
            same = True
        else:
            same = before[name] == value
        if not same:
            changed.append(name)
    return sorted(changed)


def _plain_default(field: dataclasses.Field[Any]) -> Any:
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    if dataclasses.is_dataclass(default) and not isinstance(default, type):
        return plain(default)
    return json.loads(json.dumps(default, default=str))


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
    try:
        command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


class Run:
    """Opens the folder of a run, new or interrupted; `UserError` where it holds another run.

    Random numbers are seeded anew for every epoch from (seed, epoch), so an interrupted run goes on to the same numbers
    without any generator being saved.

    Args:
        clips: the `digest` of the clips that the run learns from and is measured on, which may not change either, and after
            spaces those of its teachers; left out, nobody looks.
    """

    def __init__(self, folder: Path, config: Any, seed: int, clips: str | None = None) -> None:
        self.folder, self.seed, self.config = folder, seed, config
        self.log_path = folder / "log.jsonl"
        own = {"kind": type(config).__name__, **plain(config)}
        own.pop("out", None)
        config_path = folder / "config.json"
        if config_path.is_file():
            before = json.loads(config_path.read_text(encoding="utf-8"))
            if (before_clips := before.pop(_CLIPS, None)) and clips and before_clips != clips:
                what = "clips" if before_clips.split()[0] != clips.split()[0] else "teachers"
                raise UserError(
                    f"the {what} are no longer those that {folder} learned from: choose another --out, or delete it"
                )
            if changed := _changed(before, own, config):
                raise UserError(
                    f"{folder} holds a run with another {', '.join(changed)}: choose another --out, or delete it"
                )
        elif folder.is_dir() and any(not path.name.startswith(f".{config_path.name}.") for path in folder.iterdir()):
            raise UserError(f"{folder} is not empty and holds no run: choose another --out")
        else:
            write_text(config_path, json.dumps({**own, _CLIPS: clips} if clips else own, indent=1))

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
        path = self.folder / STATE_FILE
        if not path.is_file():
            return 0
        saved = torch.load(path, map_location="cpu", weights_only=True)
        try:
            for name, part in state.items():
                part.load_state_dict(saved[name])
        except (KeyError, ValueError, RuntimeError) as error:
            raise UserError(
                f"{path} is of another network ({str(error).splitlines()[0]}): choose another --out, or delete the folder"
            ) from error
        first = int(saved["epoch"])
        if not ranks.is_main():
            return first
        # What the log says of an epoch whose state was lost is dropped: that epoch runs again.
        lines = self.log_path.read_text(encoding="utf-8").splitlines()[:first] if self.log_path.is_file() else []
        write_text(self.log_path, "".join(line + "\n" for line in lines))
        print(f"resuming {self.folder} after epoch {first}", file=sys.stderr)
        return first

    def _save(self, epoch: int, state: Mapping[str, Stateful]) -> None:
        with atomic_path(self.folder / STATE_FILE) as path:
            torch.save({"epoch": epoch, **{name: part.state_dict() for name, part in state.items()}}, path)

    def _log(self, epoch: int, figures: dict[str, float]) -> None:
        _append(self.log_path, {"epoch": epoch + 1, **figures})


def _append(path: Path, values: dict[str, Any]) -> None:
    """One JSON object a line, on the disk before this returns."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\n")
        file.flush()
        os.fsync(file.fileno())
