"""The server of `ml-tracking-ops mcp`: the tools, with marks for those that change something."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from ..errors import TrackingError
from .log_folder import LogFolder
from .tools import ActingTools, ReadingTools

_INSTRUCTIONS = """\
Hyperparameter sweeps and experiments in one log folder on this machine. A sweep runs a training
script many times. Its runs are numbered from 1. Usual order: start_sweep, wait_for_sweep until it
has ended, show for the best runs, tail_output for a run that failed. Times are seconds since the
epoch. Keys without a value are left out of answers."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_STARTS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
_CHANGES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_ENDS = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)


def make_mcp_server(folder: LogFolder, version: str, *, is_read_only: bool = False) -> MCPServer:
    """Return a server that offers a log folder. `is_read_only`: only tools that change nothing."""
    server: MCPServer = MCPServer(
        "ml-tracking-ops", instructions=_INSTRUCTIONS, version=version, log_level="WARNING"
    )
    reads = ReadingTools(folder)
    for tool in (
        reads.list_runs,
        reads.show,
        reads.compare,
        reads.tail_output,
        reads.wait_for_sweep,
    ):
        _add(server, tool, _READS)
    if not is_read_only:
        acts = ActingTools(folder)
        _add(server, acts.start_sweep, _STARTS)
        _add(server, acts.resume_sweep, _STARTS)
        _add(server, acts.stop, _ENDS)
        _add(server, acts.requeue, _STARTS)
        _add(server, acts.pause_or_continue, _CHANGES)
        _add(server, acts.set_workers, _CHANGES)
    return server


def _add(server: MCPServer, method: Callable[..., Any], annotations: ToolAnnotations) -> None:
    """Offer a method as a tool. Its docstring is the description that agents read."""

    @functools.wraps(method)
    def tool(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except TrackingError as error:
            raise ToolError(str(error)) from error

    server.add_tool(tool, description=inspect.getdoc(method), annotations=annotations)
