"""The one kind of error a person at the keyboard can mend, and how a command ends on it."""

import os
import sys
from collections.abc import Callable


class UserError(Exception):
    """Wrong use or bad input: one line that says what, where and how to mend it."""


def how_to_install(*extras: str) -> str:
    """What to do where packages of these extras are missing; the program is on no package index."""
    return f'in a clone of skel-action, pip install -c constraints.txt ".[{",".join(extras)}]"'


def run_command(command: Callable[[], object]) -> None:
    """Run a console command and exit: 0 done, 2 on a `UserError` (its line, no traceback), 130 on Ctrl-C.

    A file or folder that the user may not touch counts as a `UserError`, wherever that was noticed.

    Any other exception is our own fault and keeps its traceback (exit code 1).
    """
    try:
        command()
        sys.stdout.flush()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except PermissionError as error:
        print(f"error: {error.strerror or error}: {error.filename or 'a file'}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output (`head`, say) has gone: nothing is wrong. What is still buffered must go somewhere, or
        # Python itself complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
