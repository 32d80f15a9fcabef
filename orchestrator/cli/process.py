"""The command as a process: its exit codes, and garbage collection."""

import contextlib
import gc
import os
from collections.abc import Iterator

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_TIMEOUT = 124
EXIT_INTERRUPTED = 130

EXIT_CODES = {
    0: "Success. For a sweep: it finished.",
    EXIT_FAILURE: "The command failed or was refused. For a sweep: it failed, or its orchestrator "
    "was lost. For `wait`: the sweep ended without meeting the condition.",
    EXIT_USAGE: "Wrong usage: an option, a configuration or a name is wrong. Nothing was started.",
    EXIT_TIMEOUT: "Only for `wait`: the time given with `--timeout` is over.",
    EXIT_INTERRUPTED: "Ctrl-C, or a user stopped the sweep.",
}
"""The meaning of each exit code. `run` is different: it exits with the code of its program."""


_PLUGINS_VARIABLE = "PYDANTIC_DISABLE_PLUGINS"


@contextlib.contextmanager
def without_pydantic_plugins() -> Iterator[None]:
    """Keep pydantic from searching the metadata of all installed packages for plugins.

    It does so with the first model, which can take longer than building the models. The variable is
    removed again: the programs that a sweep starts may want their plugins.
    """
    if _PLUGINS_VARIABLE in os.environ:
        yield
        return
    os.environ[_PLUGINS_VARIABLE] = "__all__"
    try:
        yield
    finally:
        del os.environ[_PLUGINS_VARIABLE]


def collect_garbage_from_now_on() -> None:
    """Switch the collector on, but exclude the imported modules, which stay."""
    gc.freeze()
    gc.enable()
