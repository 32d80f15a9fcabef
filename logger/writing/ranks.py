"""Distributed training: several processes of one run, of which the first one logs."""

import os

from ..notices import say

_said: list[bool] = []


def is_other_rank() -> bool:
    """Whether this is one process of a distributed training, but not that of rank 0."""
    rank, world_size = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
    return rank.isdigit() and world_size.isdigit() and int(rank) > 0 and int(world_size) > 1


def say_silent() -> None:
    """Say that other ranks do not log: once in the training, so only rank 1 says it."""
    if os.environ.get("RANK") == "1" and not _said:
        _said.append(True)
        say(
            "in this distributed training rank 0 logs; the loggers of the other ranks write "
            "nothing. ExperimentLogger(…, all_ranks=True) makes every rank log."
        )
