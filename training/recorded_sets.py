"""A folder of recordings given where a prepared set is expected: its clips are made while it is read."""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.journal import SUFFIX
from skel.training.dataset import ClipSet, Part, find_split, load_split
from skel.training.prepare import prepare, said_of
from skel.training.sources import Recorded


def load_sets(roots: Sequence[Path], part: Part) -> list[ClipSet]:
    """One part of each, of prepared sets as `load_split`.

    The clips of recordings are made as those of the first prepared set, or as `ClipConfig` has it. Which part a recording
    belongs to is said in `skel.training.readers.recordings`; `UserError` where they are too few for two parts.
    """
    sets = {root: load_split(root, part) for root in roots if not _holds_recordings(root)}
    config = next((one.clip for one in sets.values()), ClipConfig())
    return [sets[root] if root in sets else _load_recordings(root, part, config) for root in roots]


def folder_of(root: Path) -> Path:
    """The folder that `load_sets` reads for this one: of recordings the same, of a prepared set the split's."""
    return (root if _holds_recordings(root) else find_split(root)).resolve()


def _holds_recordings(root: Path) -> bool:
    """Whether there are recordings with their descriptions, and neither a prepared set nor several."""
    if any(root.glob("**/meta.json")) or any(root.glob("**/*_position.npy")):
        return False
    if any(root.glob(f"**/*{SUFFIX}")):
        return True
    return any(path.with_suffix(".json").is_file() for path in root.glob("**/*.npy"))


def _load_recordings(root: Path, part: Part, config: ClipConfig) -> ClipSet:
    source = Recorded("recordings", (root,), keep_recordings=False)
    with TemporaryDirectory() as folder:
        try:
            (made,) = prepare(source, Path(folder), config, {"recordings": str(root)})
        except UserError as error:
            raise UserError(f"{root} cannot be learned from: {error}") from error
        if part == "train":  # of the other one the same would be said again
            for line in said_of(made):
                print(line, file=sys.stderr)
        return load_split(made.folder, part)
