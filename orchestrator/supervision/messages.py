"""Messages between the orchestrator and its supervisor: JSON, with open files if needed."""

import json
import socket
import struct

from .os_processes import receive_with_files, send_with_files

TYPE_CHECKING = False  # importing typing would take longer than the rest
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

_LENGTH = struct.Struct("!I")
N_FILES = 3


def send_message(sock: socket.socket, message: "Message", files: "list[int] | None" = None) -> None:
    """Send one message.

    Raises:
        OSError: the other end is closed.
    """
    body = json.dumps(message).encode()
    data = _LENGTH.pack(len(body)) + body
    n_sent = send_with_files(sock, data, files) if files else 0
    if n_sent < len(data):
        sock.sendall(data[n_sent:])


def receive_message(sock: socket.socket) -> "tuple[Message, list[int]]":
    """Wait for the next message, and return it with the files that came with it.

    Raises:
        OSError: the other end is closed.
    """
    head, files = receive_with_files(sock, _LENGTH.size, N_FILES)
    (length,) = _LENGTH.unpack(head + _receive(sock, _LENGTH.size - len(head)))
    return json.loads(_receive(sock, length)), files


def _receive(sock: socket.socket, n_bytes: int) -> bytes:
    data = bytearray()
    while len(data) < n_bytes:
        part = sock.recv(n_bytes - len(data))
        if not part:
            raise ConnectionResetError("the other end is closed")
        data += part
    return bytes(data)
