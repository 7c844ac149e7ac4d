"""What is left running when a command that works in several processes is killed."""

import subprocess
import sys

PROGRAM = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from skel.training.workers import end_with_parent

def work(number):
    print("working", flush=True)
    time.sleep(3600)

if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, get_context("spawn"), end_with_parent)
    list(pool.map(work, range(2)))
"""


def test_nothing_is_when_it_is_killed(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert [process.stdout.readline() for _ in range(2)] == [b"working\n"] * 2
    process.kill()
    # The workers write to the same pipe: it ends when the last of them has.
    assert process.communicate(timeout=600)[0] == b""
