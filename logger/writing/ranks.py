"""Distributed training: several processes of one run. Only the first one logs."""

import os

from .. import paths
from ..notices import print_notice

_OF_MPI = (("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"))
_warned: list[bool] = []


def is_other_rank() -> bool:
    """Return whether this is a process of a distributed training other than that of rank 0."""
    return _rank() > 0


def report_silence() -> None:
    """Report that other ranks do not log: once per training, so only rank 1 does it."""
    if _rank() == 1 and not _warned:
        _warned.append(True)
        print_notice(
            "in this distributed training rank 0 logs. The loggers of the other ranks write "
            "nothing. ExperimentLogger(…, all_ranks=True) makes every rank log."
        )


def _rank() -> int:
    """Return the rank of this process, or 0 outside a distributed training.

    `torchrun` and most launchers set RANK. Lightning starts its own processes without it. Programs
    that `mpirun` starts may be independent of each other, but not within one run of a sweep.
    """
    if _number("WORLD_SIZE") > 1:
        if "RANK" in os.environ:
            return _number("RANK")
        return _number("NODE_RANK") * _number("WORLD_SIZE") + _number("LOCAL_RANK")
    if os.environ.get(paths.RUN_FILE_VARIABLE):
        for rank, size in _OF_MPI:
            if _number(size) > 1:
                return _number(rank)
    return 0


def _number(variable: str) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isdigit() else 0
