"""How a dashboard is reached: names, a proxy's path, pages that may show it in a frame."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ml_tracking_ops.orchestrator.errors import UsageError

from .base_path import parse_base_path

_ORIGIN = re.compile(r"https?://[A-Za-z0-9*.\[\]:_-]+|[a-z][a-z0-9+.-]*:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachOptions:
    """The options `--allowed-host`, `--base-path`, `--trusted-proxy` and `--frame-ancestors`.

    Attributes:
        allowed_hosts: names, besides localhost and addresses, under which the server may be
            addressed.
        base_path: the path of a proxy's host below which the pages are, such as `/mlto`.
        trusted_proxies: addresses whose `X-Forwarded-Prefix` counts, besides this machine's.
        frame_ancestors: sources as in a Content-Security-Policy. No page may frame ours if empty.
    """

    allowed_hosts: frozenset[str] = frozenset()
    base_path: str = ""
    trusted_proxies: frozenset[str] = frozenset()
    frame_ancestors: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls,
        allowed_hosts: Iterable[str] = (),
        base_path: str = "",
        trusted_proxies: Iterable[str] = (),
        frame_ancestors: Iterable[str] = (),
    ) -> "ReachOptions":
        """Parse the options of the command line.

        Raises:
            UsageError: one of them is no path, or no origin.
        """
        return cls(
            allowed_hosts=frozenset(host.lower() for host in allowed_hosts),
            base_path=parse_base_path(base_path),
            trusted_proxies=frozenset(trusted_proxies),
            frame_ancestors=tuple(_frame_ancestor(one) for one in frame_ancestors),
        )


DEFAULT_REACH = ReachOptions()


def _frame_ancestor(text: str) -> str:
    if text.strip("'") == "self":
        return "'self'"
    if _ORIGIN.fullmatch(text):
        return text
    raise UsageError(
        f"--frame-ancestors {text}: expected self or an origin such as https://hub.example.org"
    )
