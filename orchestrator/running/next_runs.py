"""Decide the new runs of a sweep, one after another for all slots."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Literal

import anyio
import anyio.to_thread

from ..search.proposals import Proposal, Proposer
from .confirmation import Confirmation
from .runs.attempts import Attempt
from .runs.recorder import Recorder
from .runs.sweep_ending import SweepEnding


class NextRuns:
    """Asks for one run after the other and records the decisions.

    A sampler that learns is called in a thread, one call at a time, so that runs are watched
    meanwhile. Any other is called directly.
    """

    def __init__(
        self,
        proposer: Proposer,
        max_runs: int,
        recorder: Recorder,
        ending: SweepEnding,
        confirmation: Confirmation,
    ) -> None:
        self._proposer = proposer
        self._max_runs = max_runs
        self._recorder = recorder
        self._ending = ending
        self._confirmation = confirmation
        self._index = 1
        self._has_reported_trouble = False
        self._asking: AbstractAsyncContextManager[Any] = (
            anyio.Lock() if proposer.learns else nullcontext()
        )

    @property
    def next_index(self) -> int:
        while self._index in self._recorder.record.runs:
            self._index += 1
        return self._index

    @property
    def may_have_more(self) -> bool:
        """Whether there may be another run, as far as is known."""
        if self._confirmation.is_wanted:
            return True
        return self._n_searched < self._max_runs and self.why_exhausted is None

    @property
    def _n_searched(self) -> int:
        """How many runs the search has had."""
        runs = self._recorder.record.runs
        if not self._confirmation.is_wanted:
            return self.next_index - 1
        return sum(not run.is_confirming for run in runs.values())

    @property
    def why_exhausted(self) -> str | None:
        return self._proposer.why_exhausted

    async def next_attempt(self) -> Attempt | Literal["wait"] | None:
        """Return a new run, or "wait" if it depends on the end of another run, or `None` if there
        is none."""
        async with self._asking:
            if self._ending.has_begun:
                return None
            found = await self._next_of_search()
            if found is None and not self._ending.has_begun:
                return self._confirmation.next_attempt(self.next_index)
            return found

    async def _next_of_search(self) -> Attempt | Literal["wait"] | None:
        number = self._n_searched + 1
        if number > self._max_runs or self._ending.is_search_over:
            return None
        proposal = await self._propose(number)
        self._warn_of_trouble()
        if self._ending.is_search_over:
            return None
        return self._take(proposal) if isinstance(proposal, Proposal) else proposal

    async def _propose(self, number: int) -> Proposal | Literal["wait"] | None:
        history = self._recorder.record.history
        if not self._proposer.learns:
            return self._proposer.propose(number, history)
        return await anyio.to_thread.run_sync(self._proposer.propose, number, tuple(history))

    def _warn_of_trouble(self) -> None:
        """Warn of the first problem of the sampler."""
        if self._proposer.trouble is not None and not self._has_reported_trouble:
            self._has_reported_trouble = True
            self._recorder.warn(self._proposer.trouble)

    def _take(self, proposal: Proposal) -> Attempt:
        index = self.next_index
        repeats = (
            {}
            if proposal.combination == index and proposal.repeat == 1
            else {
                "combination": proposal.combination,
                "repeat": proposal.repeat,
            }
        )
        known = {} if proposal.n_known is None else {"n_known": proposal.n_known}
        self._recorder.write(
            "sampled", index=index, hyperparameters=proposal.hyperparameters, **repeats, **known
        )
        return Attempt(index, proposal.hyperparameters)
