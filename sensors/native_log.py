"""Keeps the chatter of MediaPipe's native code off the terminal."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_CHATTER = re.compile(rb"[IW]\d{4} \d\d:\d\d:\d\d|INFO: |WARNING: All log messages before absl")
_turn = threading.Lock()


@contextmanager
def native_log_muted() -> Iterator[None]:
    """Hold back what is written to the process's stderr, and pass it on at the end without native notes and warnings.

    MediaPipe's C++ code writes there whatever its log level is set to. Errors, and lines of other threads, only come late.
    """
    with _turn, ExitStack() as cleanup:
        try:
            sys.stderr.flush()
            held = cleanup.enter_context(tempfile.TemporaryFile())
            kept = os.dup(2)
        except (OSError, AttributeError):  # no stderr, as in a program without a terminal; or no room for temporary files
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)
