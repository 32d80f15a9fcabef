"""The command that serves a log folder to coding agents."""

import argparse
from pathlib import Path

from ...errors import UsageError


def mcp(options: argparse.Namespace) -> int:
    """Serve until stdin is closed. stdout carries the protocol alone."""
    from ...agents.log_folder import LogFolder
    from ...running.description import package_version

    try:
        from ...agents.server import make_mcp_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise UsageError(
            "the package mcp is not installed: pip install 'ml-tracking-ops[mcp]'"
        ) from None
    folder = LogFolder(options.logdir, Path.cwd())
    make_mcp_server(folder, package_version() or "", is_read_only=options.read_only).run("stdio")
    return 0
