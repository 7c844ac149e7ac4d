"""What tells several folders or files from one another in the names of what is in them."""

import os
from collections.abc import Sequence
from pathlib import Path


def telling_names(paths: Sequence[Path]) -> list[str]:
    """Each path's own name; of those of one name as much of the way to them as tells them apart: `a/set`, `b/set`."""
    ways = [_parts(path) for path in paths]
    names = []
    for i, way in enumerate(ways):
        others = ways[:i] + ways[i + 1 :]
        depth = next((n for n in range(1, len(way)) if all(way[-n:] != other[-n:] for other in others)), len(way))
        names.append("/".join(way[-depth:]))
    return names


def _parts(path: Path) -> tuple[str, ...]:
    return Path(os.path.abspath(path)).parts[1:]  # noqa: PTH100 - links keep the names that they were given by
