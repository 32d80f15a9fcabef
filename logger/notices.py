"""Messages of the logger to the user of a training script, on stderr."""

import sys


def print_notice(message: str) -> None:
    """Print one line. Never raises."""
    # Not warnings.warn: under -W error it would end the training that it must not disturb.
    try:
        sys.stderr.write(f"ml-tracking-ops: {message}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return  # stderr is missing or closed: nobody to notify


def report_dropped(path: str, n_dropped: int) -> None:
    """Report at the end how many values could not be written."""
    values = "value" if n_dropped == 1 else "values"
    print_notice(f"{n_dropped} {values} could not be written to {path}")


class NoticePrinter:
    """The messages of one logger, each printed once."""

    __slots__ = ("_printed",)

    def __init__(self) -> None:
        self._printed: set[str] = set()

    def warn_once(self, message: str) -> None:
        """Print this line, unless it was printed before."""
        if message not in self._printed:
            self._printed.add(message)
            print_notice(message)

    def warn_cannot_write(self, path: str, error: OSError) -> None:
        """Report, once, why values are dropped."""
        self.warn_once(
            f"cannot write {path}: {error.strerror or error}. Values are dropped until it can "
            "be written again. Training continues."
        )
