"""The user at the other end of a connection, reported by the kernel."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from ml_tracking_ops.web.serving import peer_user
from ml_tracking_ops.web.serving.peer_user import is_owner, is_supported, user_of

WAYS = [peer_user._from_netlink, peer_user._from_proc]


@contextmanager
def connection(host: str, family: int, to: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection: who connected, and what was accepted."""
    with ExitStack() as stack:
        listening = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = stack.enter_context(socket.create_server((host, 0), family=listening))
        asking = stack.enter_context(socket.socket(family))
        asking.connect((to, listener.getsockname()[1]))
        accepted, _ = listener.accept()
        yield asking, stack.enter_context(accepted)


CONNECTIONS = {
    "IPv4": ("127.0.0.1", socket.AF_INET, "127.0.0.1"),
    "IPv6": ("::1", socket.AF_INET6, "::1"),
    "IPv4 from a socket of IPv6": ("127.0.0.1", socket.AF_INET6, "::ffff:127.0.0.1"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", CONNECTIONS)
def test_user_of_a_connection_is_found(way, kind):
    with connection(*CONNECTIONS[kind]) as (_, accepted):
        ends = accepted.getpeername()[:2], accepted.getsockname()[:2]
        assert way(*ends) == os.geteuid()
        assert is_owner(accepted)


@pytest.mark.parametrize("way", WAYS)
def test_half_closed_connection_still_has_its_user(way):
    with connection(*CONNECTIONS["IPv4"]) as (asking, accepted):
        ends = accepted.getpeername()[:2], accepted.getsockname()[:2]
        asking.shutdown(socket.SHUT_WR)
        assert way(*ends) == os.geteuid()


@pytest.mark.parametrize("way", WAYS)
def test_closed_connection_has_no_user_though_the_kernel_reports_root(way):
    with connection(*CONNECTIONS["IPv4"]) as (asking, accepted):
        ends = accepted.getpeername()[:2], accepted.getsockname()[:2]
        asking.close()
        assert way(*ends) is None
        assert not is_owner(accepted)


def test_unknown_connection_has_no_user():
    assert user_of(("127.0.0.1", 1), ("127.0.0.1", 2), nameless=65534) is None


def test_other_user_is_not_the_owner(monkeypatch):
    with connection(*CONNECTIONS["IPv4"]) as (_, accepted):
        for user, is_let_in in ((0, True), (4_711, False), (os.geteuid(), True)):
            monkeypatch.setattr(peer_user, "_from_netlink", lambda *ends, user=user: user)
            assert is_owner(accepted) is is_let_in


def test_tables_are_read_where_the_kernel_does_not_answer(monkeypatch):
    def refused(*ends: object) -> int | None:
        raise PermissionError

    monkeypatch.setattr(peer_user, "_from_netlink", refused)
    assert is_supported()


def test_file_system_is_unknown_on_other_systems(monkeypatch):
    monkeypatch.setattr(peer_user.sys, "platform", "darwin")
    assert not is_supported()


def test_nameless_user_of_a_user_namespace_is_not_the_owner(monkeypatch):
    assert peer_user.nameless_user("         0          0 4294967295\n", "65534\n") is None
    assert peer_user.nameless_user("0 1000 1\n", "65534\n") == 65534
    monkeypatch.setattr(peer_user, "_from_netlink", lambda *ends: 65534)
    assert user_of(("127.0.0.1", 1), ("127.0.0.1", 2), nameless=65534) is None
