"""`skel-export`: turn training runs into the one file that is deployed."""

import json
from typing import Any

from skel.export.options import ExportOptions
from skel.skeleton.errors import UserError, how_to_install, run_command
from skel.skeleton.files import write_text


def main() -> None:
    """Console entry."""
    run_command(_main)


def _main() -> None:
    import tyro

    options = tyro.cli(ExportOptions, prog="skel-export")
    options.check()
    if options.show is not None:
        from skel.export.card import print_card, read_card

        card = read_card(options.show)
        if options.json:
            _write_json(options.json, json.loads(card.to_json()))
        else:
            print_card(options.show, card)
        return
    from importlib.util import find_spec

    for package in ("torch", "onnx", "onnxscript", "onnxruntime"):
        if find_spec(package) is None:
            extra = "cpu" if package == "onnxruntime" else "train"
            raise UserError(f"exporting needs {package}: {how_to_install(extra)}")
    from skel.export.pipeline import export
    from skel.export.report import print_verification

    verification = export(options)
    if options.json != "-":
        print_verification(verification)
    if options.json:
        _write_json(options.json, verification.to_json())


def _write_json(target: str, content: dict[str, Any]) -> None:
    if target == "-":
        print(json.dumps(content, ensure_ascii=False))
    else:
        write_text(target, json.dumps(content, ensure_ascii=False, indent=1))
