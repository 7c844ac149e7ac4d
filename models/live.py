"""How a model is used on live frames; chosen once by measurement, and carried in the bundle."""

from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any, Self


@dataclass(frozen=True)
class LiveSettings:
    """What the recogniser needs to know beside the network.

    Attributes:
        window_durations_s: the spans of live time that are looked at, each resized to one clip.
        smoothing_s: time constant of the exponential smoothing of probabilities (0 = none).
        hysteresis: by how much another class must be more probable than the one that is named, to be named in its place; and
            by how much that one must fall below `rejection_threshold`, to be unknown (see `hysteresis.named_class`).
        rejection_threshold: a class that is less probable is not named anew: "unknown" (0 = the best class always is).
        start_lag_s: by how much later than it begins an action is named: segments are laid so much earlier than they were
            named. It delays nothing of what is named now.
        end_lag_s: the same of an action's end; at most `start_lag_s`, since more must be seen to name an action than to
            keep its name.
        idle_label: the class that stands for "no action", or None.
        pair_labels: the classes that two people do together (NTU's mutual actions).
    """

    window_durations_s: tuple[float, ...] = (2.0,)
    smoothing_s: float = 0.2
    hysteresis: float = 0.0
    rejection_threshold: float = 0.0
    start_lag_s: float = 0.0
    end_lag_s: float = 0.0
    idle_label: str | None = None
    pair_labels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """The inverse of `to_json`; `ValueError` for a missing or unknown field, or one that cannot be true.

        Without lags, as written before there were any, segments are where they were named, as they were then.
        """
        fields = {"start_lag_s": 0.0, "end_lag_s": 0.0, **fields}
        odd = sorted(set(cls.__dataclass_fields__) ^ set(fields))
        if odd:
            raise ValueError(f"live settings with missing or unknown fields: {', '.join(odd)}")
        tuples = {name: tuple(fields[name]) for name in ("window_durations_s", "pair_labels")}
        settings = cls(**{**fields, **tuples})
        settings.check()
        return settings

    def check(self) -> None:
        """`ValueError` where a field is out of its range."""
        if not self.window_durations_s or min(self.window_durations_s) <= 0:
            raise ValueError(f"window_durations_s are {self.window_durations_s}")
        for name in ("smoothing_s", "start_lag_s", "end_lag_s"):
            if not 0 <= getattr(self, name) < inf:
                raise ValueError(f"{name} is {getattr(self, name)}")
        if self.end_lag_s > self.start_lag_s:
            raise ValueError(f"end_lag_s {self.end_lag_s} is more than start_lag_s {self.start_lag_s}")
        for name in ("hysteresis", "rejection_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}")


def with_usual_lag(live: LiveSettings) -> LiveSettings:
    """The lags of names that nobody has measured: a window says best what is done in its middle."""
    lag_s = 0.5 * sum(live.window_durations_s) / len(live.window_durations_s)
    return replace(live, start_lag_s=lag_s, end_lag_s=lag_s)
