"""The user at the other end of a connection within this machine (Linux).

Every user of a machine can connect to its loopback address. The kernel knows who owns each socket,
and reports it to everybody: for one connection over netlink (`sock_diag(7)`), for all of them in
`/proc/net/tcp`. Root counts as the owner: it can read and signal everything anyway.
"""

import errno
import ipaddress
import os
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

from ml_tracking_ops.logger import os_files

_Place = tuple[str, int]


def nameless_user(namespace: str, overflow: str) -> int | None:
    """Return the number in a user namespace of all users from outside, or None outside of one.

    Args:
        namespace: the content of `/proc/self/uid_map`. `overflow`: `/proc/sys/kernel/overflowuid`.
    """
    is_whole = namespace.split() == ["0", "0", str(0xFFFFFFFF)]
    return None if is_whole or not overflow.strip().isdecimal() else int(overflow)


def _nameless_user() -> int | None:
    with suppress(OSError):
        names = Path("/proc/self/uid_map"), Path("/proc/sys/kernel/overflowuid")
        return nameless_user(*(name.read_text(encoding="ascii") for name in names))
    return None


NAMELESS = _nameless_user()

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_NLMSG_ERROR = 2
_NO_COOKIE = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port
_REQUEST = struct.Struct("=BBBxI")  # family, protocol, extensions, states
_SOCKET = struct.Struct(">HH16s16s")  # ports and addresses, in network order
_REST = struct.Struct("=III")  # interface, cookie
_REPLY = struct.Struct("=4B48xIIIII")  # family, state, …, expires, queues, user, inode
_ALL_STATES = 0xFFFFFFFF
_REPLY_BYTES = 8192


def is_owner(connection: socket.socket) -> bool:
    """Return whether this process's user, or root, is at the other end. False if not known."""
    with suppress(OSError, ValueError):
        user = user_of(connection.getpeername()[:2], connection.getsockname()[:2])
        return user is not None and user in (0, os_files.user_id())
    return False


def is_supported() -> bool:
    """Return whether this system reports who is at the other end of a connection."""
    with (
        suppress(OSError),
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        return is_owner(accepted)
    return False


def user_of(local: _Place, remote: _Place, nameless: int | None = NAMELESS) -> int | None:
    """Return the number of the user whose socket has these two ends, or None if not known.

    A socket that its process has closed belongs to nobody: the kernel would report root. The
    nameless user is one without a number in this user namespace.
    """
    if sys.platform != "linux":
        return None
    try:
        user = _from_netlink(local, remote)
    except OSError:  # a kernel or a sandbox without it
        user = _from_proc(local, remote)
    return None if user == nameless else user


# --- netlink -----------------------------------------------------------------------------------


def _from_netlink(local: _Place, remote: _Place) -> int | None:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "no netlink")
    is_six = ":" in local[0]
    family = socket.AF_INET6 if is_six else socket.AF_INET
    ends = _ends(local, remote, family)
    known = {ends} if is_six else {ends, _ends(_as_six(local), _as_six(remote), socket.AF_INET6)}
    head = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, _ALL_STATES)
    body = head + ends + _REST.pack(0, _NO_COOKIE, _NO_COOKIE)
    size = _HEADER.size + len(body)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.setblocking(False)  # it answers before `send` returns
        kernel.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + body)
        answer = kernel.recv(_REPLY_BYTES)
    return _user_in(answer, known)


def _ends(local: _Place, remote: _Place, family: int) -> bytes:
    hosts = (socket.inet_pton(family, host.partition("%")[0]) for host, _ in (local, remote))
    return _SOCKET.pack(local[1], remote[1], *hosts)


def _user_in(answer: bytes, known: set[bytes]) -> int | None:
    """Return the user in an answer, if it is about the right socket."""
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind == _NLMSG_ERROR:
        number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        if number == errno.ENOENT:  # there is no such connection
            return None
        raise OSError(number, os.strerror(number))
    body = answer[_HEADER.size :]
    *_, user, inode = _REPLY.unpack_from(body)
    return user if inode and body[4 : 4 + _SOCKET.size] in known else None


# --- /proc -------------------------------------------------------------------------------------


def _from_proc(local: _Place, remote: _Place) -> int | None:
    """Find the user in the tables of all connections."""
    if ":" not in local[0]:
        user = _find("/proc/net/tcp", _key(local), _key(remote))
        if user is not None:
            return user
    return _find("/proc/net/tcp6", _key(_as_six(local)), _key(_as_six(remote)))


def _as_six(place: _Place) -> _Place:
    """Return an end in the form of an IPv6 socket that uses IPv4."""
    host, port = place
    return (host if ":" in host else f"::ffff:{host}"), port


def _key(place: _Place) -> bytes:
    """Return an end as in these tables: words of four bytes in the machine's own order."""
    host, port = place
    packed = ipaddress.ip_address(host).packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return f"{''.join(f'{word:08X}' for word in words)}:{port:04X}".encode()


def _find(path: str, local: bytes, remote: bytes) -> int | None:
    with suppress(FileNotFoundError), Path(path).open("rb", buffering=1 << 16) as table:
        for line in table:
            fields = line.split(None, 10)
            if fields[1] == local and fields[2] == remote:
                return int(fields[7]) if int(fields[9]) else None
    return None
