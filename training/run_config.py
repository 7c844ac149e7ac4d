"""What a run was begun with, and whether it is still that: its configuration as JSON."""

import dataclasses
import json
from pathlib import Path
from typing import Any, TypeVar

from skel.skeleton.errors import UserError

Config = TypeVar("Config")


def plain(config: Any) -> Any:
    """A configuration as JSON types, which is what it is compared as when a run is resumed."""
    return json.loads(json.dumps(dataclasses.asdict(config), default=str))


def read_config(path: Path) -> dict[str, Any]:
    """What a run was begun with; `UserError` where that is damaged."""
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(before, dict):
            raise ValueError("it is no JSON object")
        return before
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}): choose another --out, or delete {path.parent}") from error


def with_whole_paths(config: Config) -> Config:
    """A configuration whose paths, but for `out`, mean the same wherever the run is gone on with or exported from."""
    own: Any = config
    given = {field.name: getattr(own, field.name) for field in dataclasses.fields(own) if field.name != "out"}
    whole: Config = dataclasses.replace(own, **{name: _whole(value) for name, value in given.items()})
    return whole


def _whole(value: Any) -> Any:
    """A path, or each of several."""
    if isinstance(value, tuple):
        return tuple(map(_whole, value))
    return value.resolve() if isinstance(value, Path) else value


def _compared(value: Any, option: Any) -> Any:
    """The JSON value of an option, with whole paths where it has any: older versions wrote them as they were given."""
    if isinstance(option, tuple) and isinstance(value, list) and len(option) == len(value):
        return [_compared(*pair) for pair in zip(value, option)]
    return str(Path(value).resolve()) if isinstance(option, Path) and isinstance(value, str) else value


def changed_options(before: dict[str, Any], own: dict[str, Any], config: Any) -> list[str]:
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
            changed += [f"{name}.{inner}" for inner in changed_options(before[name], value, part)]
            same = True
        else:
            same = _compared(before[name], part) == _compared(value, part)
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
