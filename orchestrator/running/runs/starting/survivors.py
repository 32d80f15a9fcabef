"""Runs that an earlier orchestrator gave to an engine and nobody saw end."""

from dataclasses import dataclass
from typing import Literal

from ....executors.base import ReattachedRun
from ....stopping import StopDecision
from ..attempts import Attempt


@dataclass(frozen=True)
class Survivor:
    """A run that nobody saw end, as its engine found it again.

    Attributes:
        is_started: the journal knows of its start.
        decision: why it was being stopped when the journal broke off, if it was.
    """

    attempt: Attempt
    name: str
    found: ReattachedRun
    is_started: bool
    decision: StopDecision | Literal["by hand"] | None
