"""What the logger says to the user of a training script, on stderr."""

import sys


def print_notice(message: str) -> None:
    """Print one line. Never raises."""
    # Not warnings.warn: under -W error it would end the training that it must not disturb.
    try:
        sys.stderr.write(f"ml-tracking-ops: {message}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return  # no stderr, or a closed one: there is nobody to tell


def say_dropped(path: str, n_dropped: int) -> None:
    """Say at the end how many values could not be written."""
    values = "value" if n_dropped == 1 else "values"
    print_notice(f"{n_dropped} {values} could not be written to {path}")


class NoticePrinter:
    """What one logger says, each notice once."""

    __slots__ = ("_printed",)

    def __init__(self) -> None:
        self._printed: set[str] = set()

    def say_once(self, message: str) -> None:
        """Print this line, unless it was printed before."""
        if message not in self._printed:
            self._printed.add(message)
            print_notice(message)

    def say_cannot_write(self, path: str, error: OSError) -> None:
        """Say, once, why values are dropped."""
        self.say_once(
            f"cannot write {path}: {error.strerror or error}. Values are dropped until it can "
            "be written again. Training continues."
        )
