"""What the user reads stands in one place: no widget has words of its own."""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
SHOWING = {
    "QAction",
    "QGroupBox",
    "QLabel",
    "QPushButton",
    "QToolButton",
    "addAction",
    "addButton",
    "addItem",
    "drawText",
    "getExistingDirectory",
    "getInt",
    "getOpenFileName",
    "getSaveFileName",
    "getText",
    "say",
    "setAccessibleName",
    "setHtml",
    "setInformativeText",
    "setPlaceholderText",
    "setStatusTip",
    "setText",
    "setTitle",
    "setToolTip",
    "setWindowTitle",
}
FILES = sorted(
    [*(APP / "widgets").glob("*.py"), *(path for path in APP.glob("*.py") if "PySide6" in path.read_text("utf-8"))]
)


def words(node: ast.expr) -> list[str]:
    """The literal texts with two letters or more that an argument is made of."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if sum(map(str.isalpha, node.value)) >= 2 else []
    if isinstance(node, ast.JoinedStr):
        return [word for part in node.values for word in words(part)]
    if isinstance(node, ast.BinOp | ast.IfExp):
        return [word for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr) for word in words(part)]
    return []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_words_stand_in_the_files_of_texts(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SHOWING:
                found = [word for argument in node.args for word in words(argument)]
                assert not found, f"{path.name}:{node.lineno} says {found}: put it into texts.py"
