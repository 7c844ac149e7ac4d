"""How a command ends: exit codes and what is printed, seen from outside."""

import signal
import subprocess
import sys

import pytest

from skel.skeleton.errors import how_to_install

BODIES = {
    "done": ("print('done')", 0, "done\n", ""),
    "user": ("raise UserError('no such file: x')", 2, "", "error: no such file: x\n"),
    "permission": ("raise PermissionError(13, 'Permission denied', 'x')", 2, "", "error: Permission denied: x\n"),
    "stop": ("raise KeyboardInterrupt", 130, "", "stopped\n"),
}


def command(body: str) -> list[str]:
    lines = f"from skel.skeleton.errors import UserError, run_command\ndef main():\n    {body}\nrun_command(main)\n"
    return [sys.executable, "-c", lines]


@pytest.mark.parametrize("case", BODIES)
def test_exit_codes(case: str) -> None:
    body, code, out, err = BODIES[case]
    ended = subprocess.run(command(body), capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, out, err)


def test_our_own_fault_keeps_its_traceback() -> None:
    ended = subprocess.run(command("1 / 0"), capture_output=True, text=True)
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="POSIX pipes")
@pytest.mark.parametrize("lines", [3, 100_000], ids=["still buffered at the end", "while writing"])
def test_a_reader_that_goes_away_is_no_fault(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    body = f"import sys; sys.stdin.read(); [print(i) for i in range({lines})]"
    process = subprocess.Popen(command(body), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, b"")


def test_what_is_missing_comes_from_a_clone_since_no_index_has_the_program() -> None:
    assert how_to_install("cpu", "train") == 'in a clone of skel-action, pip install -c constraints.txt ".[cpu,train]"'
