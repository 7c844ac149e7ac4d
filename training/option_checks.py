"""Numbers among the options of training that cannot be meant: refused before a run has a folder."""

import math
from collections.abc import Callable
from typing import Any

from skel.skeleton.errors import UserError
from skel.training.config import FinetuneConfig, LabelledConfig, PretrainConfig

_LARGEST = 1000.0  # far above every published rate and decay, far below where float32 ends
_Rule = tuple[str, str, Callable[[Any], bool]]


def _between_0_and_1(name: str) -> _Rule:
    return name, "between 0 and 1", lambda value: 0 <= value <= 1


def _not_negative(name: str) -> _Rule:
    return name, "0 or more", lambda value: value >= 0


def _positive(name: str) -> _Rule:
    return name, "more than 0", lambda value: value > 0


def _one_or_more(name: str) -> _Rule:
    return name, "1 or more", lambda value: value is None or value >= 1


def _rising(name: str, low: float, high: float) -> _Rule:
    until = "" if high == math.inf else f" to {high:g}"
    return name, f"two numbers from {low:g}{until}, the smaller first", lambda pair: low <= pair[0] <= pair[1] <= high


_EVERY_RUN: tuple[_Rule, ...] = (
    *map(_one_or_more, ("epochs", "batch_size", "channels")),
    ("learning_rate", f"more than 0, and {_LARGEST:g} at most", lambda value: 0 < value <= _LARGEST),
    ("weight_decay", f"0 or more, and {_LARGEST:g} at most", lambda value: 0 <= value <= _LARGEST),
)
_PRETRAINING: tuple[_Rule, ...] = (
    *map(_one_or_more, ("method.queue_size", "method.projection")),
    *map(_between_0_and_1, ("method.momentum", "method.views.crop_share")),
    *(_between_0_and_1(f"method.views.{name}_probability") for name in ("flip", "noise", "blur", "axis_mask", "time_flip")),
    *(_not_negative(f"method.views.{name}") for name in ("shear", "main_angle_deg", "other_angle_deg", "noise_m")),
    _rising("method.views.blur_sigma_frames", 0.01, math.inf),
)
_OF_SOME_METHODS: tuple[_Rule, ...] = (
    *(_positive(f"method.{name}temperature") for name in ("", "target_", "contrast_")),
    *(_not_negative(f"method.{name}") for name in ("drop_threshold", "mining_from_epoch", "contrast")),
    _one_or_more("method.neighbours"),
    _between_0_and_1("method.global_share"),
    _rising("method.parts", 1, 5),
    _rising("method.span_share", 0, 1),
    _rising("method.stretch", 0.01, math.inf),
)
_ON_LABELS: tuple[_Rule, ...] = (
    *map(_between_0_and_1, ("label_smoothing", "step_at")),
    ("clip_gradients", "more than 0", lambda value: value is None or value > 0),
)
_FINETUNING: tuple[_Rule, ...] = (
    ("dropout", "0 or more, and less than 1", lambda value: 0 <= value < 1),
    ("variation.shortest_span", "more than 0, and 1 at most", lambda value: 0 < value <= 1),
    *(_not_negative(f"variation.{name}") for name in ("overhang", "turn_deg", "shear", "joint_offset_m", "noise_m")),
    ("variation.scale", "0 or more, and less than 1", lambda value: 0 <= value < 1),
)


def check_seed(seed: int, option: str = "--seed") -> None:
    """`UserError` where NumPy, torch or scikit-learn could not begin from this seed."""
    if not 0 <= seed < 1 << 32:
        raise UserError(f"{option} must be between 0 and {(1 << 32) - 1}, not {seed}")


def check_options(config: PretrainConfig | LabelledConfig, prefix: str = "--") -> None:
    """`UserError` names the first option that is out of its range; `prefix` is what stands before its name."""
    rules = _EVERY_RUN + (_PRETRAINING if isinstance(config, PretrainConfig) else _ON_LABELS)
    if isinstance(config, FinetuneConfig):
        rules += _FINETUNING
    if isinstance(config, PretrainConfig):
        rules += tuple(rule for rule in _OF_SOME_METHODS if hasattr(config.method, rule[0].removeprefix("method.")))
    for name, range_, holds in rules:
        value: Any = config
        for part in name.split("."):
            value = getattr(value, part)
        if not holds(value):
            given = " ".join(f"{number:g}" for number in (value if isinstance(value, tuple) else (value,)))
            raise UserError(f"{prefix}{name.replace('_', '-')} must be {range_}, not {given}")
    if isinstance(config, LabelledConfig) and config.schedule != "step" and config.step_at != LabelledConfig.step_at:
        raise UserError(f"{prefix}step-at makes sense only with {prefix}schedule step, not with {config.schedule}")
    check_seed(config.seed, f"{prefix}seed")
