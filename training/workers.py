"""Worker processes do not outlive the process that started them."""

import os
import threading
from multiprocessing import parent_process


def end_with_parent() -> None:
    """Called in a worker: it ends as soon as its parent has, however that came about.

    After a kill the workers of a pool would wait for work for ever, or go on training in the folders of runs that the same
    command, given again, trains in too. What they write is written atomically, so they can end at any moment.
    """
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
