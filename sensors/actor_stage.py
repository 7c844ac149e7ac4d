"""What the sensor sees of the synthetic actors: frames at its rate, with noise, hidden limbs and missing frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skel.sensors.actor_body import Array
from skel.sensors.actor_motions import MOTIONS
from skel.sensors.actor_script import Actor
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import NTU25

_APART_M = 1.3  # between neighbours
_HIDDEN_S = (0.3, 1.2)  # how long a limb is hidden at a time
_ARM, _HAND, _LEG = ("Elbow", "Wrist", "Hand", "HandTip", "Thumb"), ("Hand", "HandTip", "Thumb"), ("Knee", "Ankle", "Foot")
_LIMBS = [[NTU25.index(side + joint) for joint in limb] for side in ("Left", "Right") for limb in (_ARM, _HAND, _LEG)]


@dataclass(frozen=True)
class StageOptions:
    """Who performs what, and how badly it is seen; the fields are those of `skel.sensors.synthetic.perform`."""

    seed: int = 0
    script: Sequence[str] | None = None
    persons: int = 1
    fps: float = 30.0
    jitter_m: float = 0.0
    occlusion: float = 0.0
    drop_rate: float = 0.0

    def __post_init__(self) -> None:
        checks = (
            ("seed", self.seed >= 0, "0 or more"),
            ("persons", 1 <= self.persons <= 6, "1 to 6"),
            ("fps", 0 < self.fps <= 1000, "above 0, at most 1000"),
            ("jitter_m", 0 <= self.jitter_m < np.inf, "0 or more metres"),
            ("occlusion", 0 <= self.occlusion < 1, "from 0 to below 1"),
            ("drop_rate", 0 <= self.drop_rate < 1, "from 0 to below 1"),
        )
        for name, fine, wanted in checks:
            if not fine:
                raise UserError(f"synthetic sensor: {name} must be {wanted}, not {getattr(self, name)}")
        unknown = [name for name in self.script or () if name not in MOTIONS]
        if unknown or (self.script is not None and not len(self.script)):
            what = f"cannot perform {', '.join(map(repr, unknown))}" if unknown else "has an empty script"
            raise UserError(f"synthetic sensor {what}: actions are {', '.join(MOTIONS)}")


class Stage:
    """Actors before a sensor, frame by frame from the start. Chunks of any length add up to the same frames."""

    def __init__(self, options: StageOptions, until_s: float = np.inf) -> None:
        self._options = options
        self._index = 0
        self._drops = np.random.default_rng((options.seed, 0, 2))
        self.actors: list[Actor] = []
        self._noise: list[np.random.Generator] = []
        self._blinds: list[_Blind] = []
        for person in range(options.persons):
            script = None
            if options.script is not None:
                first = person * len(options.script) // options.persons
                script = [*options.script[first:], *options.script[:first]]
            beside_m = _APART_M * (person - (options.persons - 1) / 2)
            self.actors.append(Actor(np.random.default_rng((options.seed, person, 0)), script, beside_m, until_s))
            self._noise.append(np.random.default_rng((options.seed, person, 1)))
            self._blinds.append(_Blind(np.random.default_rng((options.seed, person, 3)), options.occlusion))

    def frames(self, count: int) -> tuple[npt.NDArray[np.int64], Array, npt.NDArray[np.float32]]:
        """The next `count` frames, less those dropped: index (T,), time in seconds (T,), positions (T, M, 25, 3)."""
        index = np.arange(self._index, self._index + count)
        self._index += count
        times_s = index / self._options.fps
        positions = np.stack([actor.positions_m(times_s) for actor in self.actors], axis=1)
        for person, (noise, blind) in enumerate(zip(self._noise, self._blinds)):
            if self._options.jitter_m:
                jitter = noise.standard_normal(positions[:, person].shape, dtype=np.float32)
                positions[:, person] += np.float32(self._options.jitter_m) * jitter
            blind.hide(times_s, positions[:, person])
        kept = (self._drops.random(count) >= self._options.drop_rate) | (index == 0)
        return index[kept], times_s[kept], positions[kept]


class _Blind:
    """Hides one limb after the other, for a share of the time."""

    def __init__(self, rng: np.random.Generator, share: float) -> None:
        self._rng, self._share = rng, share
        self._start_s = self._end_s = 0.0
        self._limb = _LIMBS[0]

    def hide(self, times_s: Array, positions_m: npt.NDArray[np.float32]) -> None:
        """Overwrite what is hidden in (T, 25, 3) with NaN."""
        while self._share:
            start, end = np.searchsorted(times_s, (self._start_s, self._end_s))
            positions_m[start:end, self._limb] = np.nan
            if self._end_s > times_s[-1]:
                return
            hidden_s = self._rng.uniform(*_HIDDEN_S)
            seen_s = self._rng.exponential(np.mean(_HIDDEN_S) * (1 - self._share) / self._share)
            self._start_s = self._end_s + seen_s
            self._end_s = self._start_s + hidden_s
            self._limb = _LIMBS[self._rng.integers(len(_LIMBS))]
