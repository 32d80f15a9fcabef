"""What the logger says to the user of a training script, on stderr."""

import sys


def say(message: str) -> None:
    """Print one line; never raises."""
    # Not warnings.warn: under -W error it would end the training that it must not disturb.
    try:
        sys.stderr.write(f"ml-tracking-ops: {message}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return  # no stderr, or a closed one: there is nobody to tell
