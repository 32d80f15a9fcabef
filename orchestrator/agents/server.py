"""The tools that `ml-tracking-ops mcp` offers to coding agents.

What a tool's docstring says is what the agent reads.
"""

import functools
from collections.abc import Callable
from typing import Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from ..errors import TrackingError
from .log_folder import LogFolder

_INSTRUCTIONS = """\
Hyperparameter sweeps and experiments in one log folder on this machine. A sweep has runs, numbered
from 1. Usual order: list_runs, start_sweep, wait_for_sweep until it ends, show for the best runs,
tail_output for a run that failed. Times are seconds since the epoch."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_STARTS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
_CHANGES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_ENDS = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)


def make_mcp_server(folder: LogFolder, version: str, *, is_read_only: bool = False) -> MCPServer:
    """Return a server that offers a log folder. `is_read_only`: only what changes nothing."""
    server: MCPServer = MCPServer(
        "ml-tracking-ops", instructions=_INSTRUCTIONS, version=version, log_level="WARNING"
    )
    for function in _reading(folder):
        server.add_tool(_described(function), annotations=_READS)
    if not is_read_only:
        for function, annotations in _acting(folder):
            server.add_tool(_described(function), annotations=annotations)
    return server


def _described(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with errors of ours as the tool's answer and not as a crash."""

    @functools.wraps(function)
    def tool(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TrackingError as error:
            raise ToolError(str(error)) from error

    return tool


def _reading(folder: LogFolder) -> tuple[Callable[..., Any], ...]:
    def list_runs(archived: bool = False, limit: int = 50) -> dict[str, Any]:
        """List experiments and sweeps, newest first, with their states and best values."""
        return {"entries": folder.entries(is_archived=archived, limit=limit)}

    def show(name: str, run: int | None = None, limit: int = 20) -> dict[str, Any]:
        """Show a sweep with its best runs first, or one run or experiment with its metrics.

        name: as list_runs gives it. run: the number of a run of that sweep. limit: at most so many
        runs of a sweep.
        """
        return dict(folder.show(name, run, limit))

    def compare(names: list[str], runs: list[int] | None = None) -> dict[str, Any]:
        """Compare runs: hyperparameters or configuration, and last, min and max of each metric.

        Give one sweep and the numbers of its runs, or the names of several experiments or runs.
        """
        return {"runs": [dict(one) for one in folder.compare(names, runs or [])]}

    def tail_output(name: str, run: int | None = None, lines: int = 50) -> dict[str, Any]:
        """Return the last lines that a run has printed: its stdout and stderr together."""
        return {"lines": folder.tail_output(name, run, lines)}

    def wait_for_sweep(
        sweep: str, until: str = "finished", timeout_s: float = 60.0
    ) -> dict[str, Any]:
        """Wait until a sweep has ended or its best value is good enough, at most ten minutes.

        until: `finished`, or a bound such as `best<0.1`. The outcome is `met`, `ended` (the sweep
        ended without) or `timed_out` (call again to wait on).
        """
        outcome, found = folder.wait(sweep, until, timeout_s)
        best = found.record.best
        return {
            "outcome": outcome,
            "state": found.record.state,
            "counts": found.record.counts,
            "best_run": None if best is None else best.index,
            "best_value": None if best is None else best.best_value,
            "front": [run.index for run in found.front],
        }

    return list_runs, show, compare, tail_output, wait_for_sweep


def _acting(folder: LogFolder) -> tuple[tuple[Callable[..., Any], ToolAnnotations], ...]:
    def start_sweep(
        config: str = "experiment_cfg.json",
        workers: int | None = None,
        seed: int | None = None,
        max_runs: int | None = None,
    ) -> dict[str, Any]:
        """Start a sweep in the background. It runs the training script that its file names.

        config: an experiment_cfg.json or a W&B sweep file in the folder where this server was
        started. workers: how many runs at once. Returns at once. Use wait_for_sweep next.
        """
        event: dict[str, Any] = folder.start(config, workers=workers, seed=seed, max_runs=max_runs)
        return event

    def stop(sweep: str, runs: list[int] | None = None) -> dict[str, Any]:
        """Stop some runs of a running sweep, or the whole sweep if no runs are given."""
        return {"answers": folder.act(sweep, "stop", runs or [])}

    def requeue(
        sweep: str, runs: list[int] | None = None, only_failed: bool = False
    ) -> dict[str, Any]:
        """Run some runs of a sweep again with the same hyperparameters, as new attempts."""
        return {"answers": folder.act(sweep, "requeue", runs or [], only_failed=only_failed)}

    def pause_or_continue(sweep: str, action: Literal["pause", "continue"]) -> dict[str, Any]:
        """Pause a sweep (running runs finish, no new ones start), or continue a paused one."""
        return {"answers": folder.act(sweep, action)}

    def set_workers(sweep: str, n_workers: int) -> dict[str, Any]:
        """Change how many runs of a running sweep run at once."""
        return {"answers": folder.act(sweep, "workers", n_workers=n_workers)}

    return (
        (start_sweep, _STARTS),
        (stop, _ENDS),
        (requeue, _STARTS),
        (pause_or_continue, _CHANGES),
        (set_workers, _CHANGES),
    )
