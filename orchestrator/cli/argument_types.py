"""The types of the command line's arguments. Each explains why it refuses a text."""

import argparse
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..reports.conditions import SweepCondition


def user_path(text: str) -> Path:
    """Return a path with `~` expanded to the home folder, even if no shell has done so."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  (never fails)


def boolean(text: str) -> bool:
    values = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in values:
        raise argparse.ArgumentTypeError(f"must be True or False, got {text!r}")
    return values[text.lower()]


def whole_argument(text: str, least: int = 0, most: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least or (most is not None and number > most):
        limit = f"{least} or more" if most is None else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"must be a whole number, {limit}, got {text!r}")
    return number


def condition(text: str) -> "SweepCondition":
    from ..reports.conditions import parse_condition

    try:
        return parse_condition(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds, got {text!r}")
    return number


def count(text: str) -> int:
    return whole_argument(text, least=1)


def workers_argument(text: str) -> int:
    from ..steering.requests import workers_problem

    n_workers = count(text)
    if (problem := workers_problem(n_workers)) is not None:
        raise argparse.ArgumentTypeError(problem)
    return n_workers


def port(text: str) -> int:
    return whole_argument(text, most=65535)
