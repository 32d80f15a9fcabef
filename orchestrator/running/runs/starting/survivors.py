"""Runs that an earlier orchestrator gave to an engine, and whose end was not observed."""

from dataclasses import dataclass
from typing import Literal

from ....executors.base import ReattachedRun
from ....stopping import StopDecision
from ..attempts import Attempt


@dataclass(frozen=True)
class Survivor:
    """A run without a known end, as its engine found it again.

    Attributes:
        is_started: the journal has its start.
        decision: why it was being stopped when the journal broke off, if it was.
    """

    attempt: Attempt
    name: str
    found: ReattachedRun
    is_started: bool
    decision: StopDecision | Literal["by hand"] | None
