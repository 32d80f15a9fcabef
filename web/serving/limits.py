"""The dashboard's limits for clients, its waiting times, and the size of its caches."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Attributes:
    connections_a_client: of one address: its streams, and the rest of its pages.
    request_s: time in which a request has to be complete, body included.
    stalled_s: time after which an answer that nobody reads is given up.
    waiting_bytes: what all connections together may hold of requests that have not begun.
    streams, streams_a_client: live streams at once, of all clients and of one.
    ping_s: after how long a quiet stream sends a sign of life.
    look_anyway_s: how often followed files are checked without any file event.
    fresh_s: how long a look at the log folder counts as fresh.
    actions_at_once, git_queries_at_once: in threads, each of which may wait for a disk.
    overview_bytes, all_points_bytes: logs that are kept in memory, thinned and whole.
    """

    connections_a_client: int = 700
    request_s: float = 20.0
    stalled_s: float = 60.0
    waiting_bytes: int = 16 << 20
    streams: int = 1_000
    streams_a_client: int = 600
    ping_s: float = 15.0
    look_anyway_s: float = 3.0
    fresh_s: float = 0.2
    actions_at_once: int = 8
    git_queries_at_once: int = 1
    overview_bytes: int = 48 << 20
    all_points_bytes: int = 32 << 20


DEFAULTS = Limits()
