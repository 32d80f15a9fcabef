"""The command as a process: its exit codes, and when it collects garbage."""

import gc

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def collect_garbage_from_now_on() -> None:
    """Switch the collector on, except for the imported modules, which stay."""
    gc.freeze()
    gc.enable()
