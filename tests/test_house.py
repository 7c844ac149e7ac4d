"""The house rules: what may import what, what is shipped, and what a command may load before it is asked to work."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import skel.skeleton

ROOT = Path(__file__).parents[1]
INSTALLED = Path(skel.skeleton.__file__).parents[1]

# The floors from the ground up, and the third-party packages that each may name. An import goes down or stays.
FLOORS = {
    "skeleton": {"numpy"},
    "sensors": {"numpy", "cv2", "mediapipe", "pyk4a", "platformdirs", "pooch", "rich"},
    "models": {"numpy", "torch", "onnxruntime", "platformdirs", "tensorrt"},
    "training": {
        "numpy",
        "torch",
        "accelerate",
        "safetensors",
        "tensorboard",
        "matplotlib",
        "sklearn",
        "scipy",
        "rich",
        "tyro",
    },
    "export": {"numpy", "torch", "onnx", "onnxscript", "onnxruntime", "rich", "tyro"},
    "app": {"numpy", "PySide6", "pyqtgraph", "platformdirs", "rich", "tyro", "websockets"},
}
LIVE = ["skeleton", "sensors", "app", "models/runtime.py", "models/bundle.py", "models/pretrained"]  # never loads torch
COMMANDS = ["skel-app", "skel-data", "skel-export", "skel-train"]
MODULES = sorted(path.relative_to(ROOT) for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def python(code: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd)


def dotted(path: Path) -> str:
    return ".".join(("skel", *path.with_suffix("").parts)).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_go_down(path: Path) -> None:
    floors = list(FLOORS)
    reachable = floors[: floors.index(path.parts[0]) + 1]
    for name in imported(path):
        if name.split(".")[0] == "skel":
            assert name.split(".")[1] in reachable, f"{path} imports {name} from a floor above"
        else:
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names | FLOORS[path.parts[0]], f"{path} imports {name}"


@pytest.mark.parametrize("part", LIVE)
def test_what_runs_live_names_no_torch(part: str) -> None:
    for path in MODULES:
        if path.is_relative_to(part):
            assert "torch" not in {name.split(".")[0] for name in imported(path)}, path


def test_what_runs_live_loads_no_torch() -> None:
    names = [dotted(path) for path in MODULES if any(path.is_relative_to(part) for part in LIVE)]
    ended = python(f"import {', '.join(names)}, sys; assert 'torch' not in sys.modules")
    assert ended.returncode == 0, ended.stderr


def test_nothing_below_the_app_loads_qt() -> None:
    names = [dotted(path) for path in MODULES if path.parts[0] != "app"] + ["skel.app.recognizer"]
    ended = python(f"import {', '.join(names)}, sys; assert not {{'PySide6', 'pyqtgraph'}} & set(sys.modules)")
    assert ended.returncode == 0, ended.stderr


def test_the_recogniser_loads_neither_torch_nor_qt() -> None:
    ended = python("import skel.app.recognizer, sys; assert not {'torch', 'PySide6'} & set(sys.modules)")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command: str) -> None:
    (entry,) = entry_points(group="console_scripts", name=command)
    ended = python(
        f"import sys; from {entry.module} import {entry.attr}\n"
        f"sys.argv = [{command!r}, '--help']\n"
        f"try: {entry.attr}()\n"
        "except SystemExit as ended: assert not ended.code\n"
        "assert not {'torch', 'PySide6', 'onnxruntime', 'matplotlib', 'scipy'} & set(sys.modules), sys.modules.keys()"
    )
    assert ended.returncode == 0, ended.stderr
    assert f"usage: {command}" in ended.stdout


def test_every_command_is_known_here() -> None:
    assert sorted(pyproject()["project"]["scripts"]) == COMMANDS


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("floor", FLOORS)
def test_the_wrong_name_is_refused(floor: str) -> None:
    ended = python(f"import {floor}", cwd=ROOT)
    assert ended.returncode == 1
    assert f"ImportError: import this package as 'skel.{floor}', not '{floor}'" in ended.stderr


def test_every_package_is_listed() -> None:
    folders = {path.parent for path in MODULES}
    assert all((ROOT / folder / "__init__.py").is_file() for folder in folders)
    assert sorted(pyproject()["tool"]["setuptools"]["packages"]) == sorted(
        f"skel.{folder.as_posix().replace('/', '.')}" for folder in folders
    )


@pytest.mark.parametrize("floor", FLOORS)
def test_types_are_shipped(floor: str) -> None:
    assert (INSTALLED / floor / "py.typed").is_file()


@pytest.mark.skipif("SKEL_INSTALLED" not in os.environ, reason="only where the built wheel is under test")
def test_the_installed_package_is_under_test_and_whole() -> None:
    assert not INSTALLED.is_relative_to(ROOT) or "site-packages" in INSTALLED.parts
    installed = {path.relative_to(INSTALLED) for floor in FLOORS for path in (INSTALLED / floor).rglob("*.py")}
    assert installed == set(MODULES)
    for path in (ROOT / "models" / "pretrained").iterdir():
        assert path.name == "__pycache__" or (INSTALLED / "models" / "pretrained" / path.name).is_file(), path.name


def test_messages_name_extras_that_there_are() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"].keys()
    sources = [path.read_text(encoding="utf-8") for floor in FLOORS for path in (ROOT / floor).rglob("*.py")]
    named = {
        name
        for text in sources
        for call in re.findall(r"how_to_install\(([^)*]*)\)", text)
        for name in re.findall(r"[\'\"](\w+)", call)
    }
    assert {"cpu", "gpu", "train", "webcam", "kinect"} == named <= extras


@pytest.mark.parametrize("folder", [*FLOORS, "scripts", "benchmarks"])
def test_files_stay_short(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 320, f"{path.relative_to(ROOT)} has {lines} lines: one idea a file"
