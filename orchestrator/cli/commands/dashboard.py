"""The commands web and assets, and the dashboard beside a sweep, in a process of its own."""

import argparse
import contextlib
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from ...errors import SweepError, UsageError
from ..logdir import missing_logdir
from ..process import EXIT_USAGE, collect_garbage_from_now_on
from ..terminal.words import print_message, short_path

_STOP_S = 5


class AccessInfo(Protocol):
    """How users get access, as the web app describes it (`web.serving.access_token`)."""

    @property
    def token(self) -> str | None: ...

    @property
    def is_local(self) -> bool: ...

    @property
    def knows_owner(self) -> bool: ...

    @property
    def link(self) -> str: ...


def announce_dashboard(logdir: Path, entrance: AccessInfo) -> None:
    """Print where the dashboard is, and who has access."""
    print(f"ML Tracking Ops shows {logdir}/ at {entrance}  (Ctrl-C ends it)", flush=True)
    if entrance.token is None:
        whom = "every user of this machine" if entrance.is_local else "everybody on the network"
        print_message(f"warning: --no-token lets {whom} read everything, stop runs and delete them")
    elif entrance.knows_owner:
        print_message(
            f"only you can open it. Through a proxy or tunnel of another user: {entrance.link}"
        )
    elif entrance.is_local:
        print_message(
            "other users of this machine can reach it, and this system does not report who "
            "connects, so it needs the token in this address"
        )
    else:
        port_and_token = entrance.link.rpartition(":")[2]
        print_message(
            "other machines can reach it, so it needs the token in this address. "
            f"From there: http://{platform.node()}:{port_and_token}"
        )


def sweep_page_url(url: str, sweep: str) -> str:
    """Return the address of a sweep's page, given the dashboard's. A token in it is kept."""
    parts = urlsplit(url)
    path = f"{parts.path.rstrip('/')}/sweeps/{quote(sweep)}"
    return urlunsplit(parts._replace(path=path))


def dashboard_arguments(options: argparse.Namespace) -> list[str]:
    """Return the arguments for `web` among those of another command."""
    return [
        f"--logdir={options.logdir}",
        f"--host={options.host}",
        *([] if options.port is None else [f"--port={options.port}"]),
        *([] if options.assets is None else [f"--assets={options.assets}"]),
        *(["--no-token"] if options.no_token else []),
        *([f"--base-path={options.base_path}"] if options.base_path else []),
        *(f"--allowed-host={one}" for one in options.allowed_host),
        *(f"--trusted-proxy={one}" for one in options.trusted_proxy),
        *(f"--frame-ancestors={one}" for one in options.frame_ancestors),
    ]


@contextlib.contextmanager
def running_dashboard(arguments: Sequence[str]) -> Iterator[str]:
    """Start `ml-tracking-ops web`, yield its address, and end it on leaving.

    Raises:
        SweepError: it does not start.
        UsageError: it cannot listen at the address, or `--assets` cannot be served.
    """
    # its stdin is a pipe that closes with this process, however this process ends
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ml_tracking_ops.orchestrator.cli",
            "web",
            *arguments,
            "--exit-with-stdin",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield _read_address(process)
    finally:
        _end(process)


def _read_address(process: subprocess.Popen[str]) -> str:
    """Return the address that the dashboard prints, once, when it is ready."""
    line = process.stdout.readline() if process.stdout else ""
    address = next((word for word in line.split() if word.startswith("http")), None)
    if address is None:
        kind = UsageError if process.wait() == EXIT_USAGE else SweepError
        raise kind("the dashboard did not start. See the message above")
    return address


def _end(process: subprocess.Popen[str]) -> None:
    with process:  # closes the pipes, at the latest when it exits
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()


def exit_with_stdin() -> None:
    """End this process, as SIGTERM would, when its stdin closes."""

    def wait_and_end() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_and_end, name="stdin", daemon=True).start()


def wait_until_interrupted() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    try:
        asked.wait()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)


def web(options: argparse.Namespace) -> int:
    from ml_tracking_ops.web.server import serve
    from ml_tracking_ops.web.serving.reach.options import ReachOptions

    if not options.logdir.exists() and not options.exit_with_stdin:
        print_message(
            f"warning: {missing_logdir(options.logdir)}. The pages are empty until it is there"
        )
    if options.exit_with_stdin:
        exit_with_stdin()
    collect_garbage_from_now_on()
    port = 5000 if options.port is None else options.port
    serve(
        options.logdir,
        options.host,
        port,
        take_next_free=options.port is None,
        assets=options.assets,
        asks_token=not options.no_token,
        reach=ReachOptions.parse(
            options.allowed_host,
            options.base_path,
            options.trusted_proxy,
            options.frame_ancestors,
        ),
        on_ready=lambda entrance: announce_dashboard(options.logdir, entrance),
    )
    return 0


def assets(options: argparse.Namespace) -> int:
    from ml_tracking_ops.web.serving.assets.asset_folder import (
        fill_from_registry,
        fill_from_tarballs,
    )

    if options.sources and options.registry is not None:
        raise UsageError(
            "--from takes tarballs on disk and --registry downloads them. Use one of the two"
        )
    if options.sources:
        packages = fill_from_tarballs(options.folder, options.sources)
    else:
        packages = fill_from_registry(options.folder, options.registry)
    print(f"{short_path(options.folder)} holds {', '.join(packages)}. Every hash is right")
    print(f"use it: ml-tracking-ops web --assets {short_path(options.folder)}")
    return 0


def snapshot(options: argparse.Namespace) -> int:
    """Write a page of the dashboard as one file."""
    from ml_tracking_ops.web.saved_pages import snapshot_page

    from ..snapshot_pages import page_named

    page = page_named(options.paths, options.page, options.logdir)
    query = "&".join(filter(None, [page.query, options.view.lstrip("?")]))
    data = snapshot_page(page.logdir, page.path, query, options.assets)
    output = options.output or Path(f"{page.path.rpartition('/')[2]}.html")
    try:
        output.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror or error}") from None
    print_message(f"{short_path(output)}: {len(data) / 1e6:.1f} MB")
    return 0
