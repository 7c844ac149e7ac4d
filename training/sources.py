"""Where the clips of a set come from: its authors' files, or the synthetic actor."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from skel.sensors.actor_motions import IDLE
from skel.skeleton.errors import UserError
from skel.training.blocks import Item, Read
from skel.training.raw import Excluded, Found, Options, People, RawFiles, Reader
from skel.training.readers import ntu, nw_ucla, pku_mmd, precog, recordings, synthetic, utd_mhad, utd_mhad_kinect2

READERS: dict[str, Reader] = {
    "ntu60": ntu.NTU60,
    "ntu120": ntu.NTU120,
    "pku-mmd": pku_mmd.PKU_MMD,
    "pku-mmd-2": pku_mmd.PKU_MMD_2,
    "utd-mhad-kinect2": utd_mhad_kinect2.READER,
    "utd-mhad": utd_mhad.READER,
    "nw-ucla": nw_ucla.READER,
    "precog": precog.READER,
    "recordings": recordings.READER,
}


@dataclass(frozen=True)
class Recorded:
    """One of `READERS`, in its authors' files: ZIPs or folders, wherever inside. A `Source`."""

    dataset: str
    raw: tuple[Path, ...]
    options: Options = field(default_factory=Options)
    keep_recordings: bool = True
    unit: str = "files"

    @property
    def splits(self) -> tuple[str, ...]:
        """The protocols of the set."""
        return READERS[self.dataset].splits

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of their labels; empty = as found."""
        known = READERS[self.dataset].classes
        return (*known, IDLE) if known and self.options.pauses else known

    @property
    def people(self) -> People | None:
        """Who is in a clip; None where that is not asked (`Options.people`)."""
        return self.options.people if READERS[self.dataset].several_people else None

    @property
    def too_few(self) -> str:
        """What to do where there is no clip for one of the two parts."""
        return READERS[self.dataset].too_few

    def items(self) -> list[Item]:
        """The files to read; `UserError` where there is none of this set."""
        reader = READERS[self.dataset]
        with RawFiles(*self.raw) as files:
            names = reader.open(files, self.options).names
            if not names:
                other = next((name for name, known in READERS.items() if files.matching(known.files)), None)
                hint = f": it looks like {other}" if other else ""
                raise UserError(f"{files} holds no file of {self.dataset} (such as {reader.example}){hint}")
            return [Item(name, files.size(name)) for name in names]

    def fingerprint(self) -> str:
        """Changes with the raw files."""
        with RawFiles(*self.raw) as files:
            return files.fingerprint()

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """How one file is read, for as long as the context lasts."""
        excluded = set(self.options.exclude)
        with RawFiles(*self.raw) as files:
            opened = READERS[self.dataset].open(files, self.options)

            def read(name: str) -> Iterable[Found]:
                if PurePosixPath(name).stem in excluded:
                    return [Excluded(name, "the list of --exclude names it")]
                return opened.read(name)

            yield read


@dataclass(frozen=True)
class Performed:
    """Clips of the synthetic actor; the same seed gives the same clips. A `Source`."""

    clips: int
    seed: int
    dataset: str = "synthetic"
    keep_recordings: bool = False
    unit: str = "recordings"
    splits: tuple[str, ...] = (synthetic.SPLIT,)
    classes: tuple[str, ...] = synthetic.CLASSES
    people: People | None = None
    too_few: str = "give a larger --clips"

    def __post_init__(self) -> None:
        if self.clips < synthetic.VAL_EVERY:
            raise UserError(f"--clips {self.clips} is too few for two parts: give {synthetic.VAL_EVERY} or more")
        if self.seed < 0:
            raise UserError(f"--seed {self.seed} is negative: give 0 or more")

    def _recordings(self) -> int:
        return max(synthetic.VAL_EVERY, -(-self.clips // synthetic.CLIPS_A_RECORDING))

    def items(self) -> list[Item]:
        """The recordings to perform."""
        return [Item(str(number), 1_000_000) for number in range(self._recordings())]

    def fingerprint(self) -> str:
        """Nothing but its fields decides what it gives."""
        return ""

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """How one recording is performed."""
        count = self._recordings()

        def read(name: str) -> Iterable[Found]:
            number = int(name)
            share = self.clips // count + (number < self.clips % count)
            return synthetic.clips_of_recording(self.seed, number, share)

        yield read
