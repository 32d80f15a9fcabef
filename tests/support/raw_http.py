"""Requests as bytes."""

import socket

from live import LIMIT_S

END = b"\r\n\r\n"


def ask(port: int, data: bytes, patience_s: float = LIMIT_S) -> bytes:
    """Send bytes, and return the answer until the server closes or waits for more."""
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.settimeout(patience_s)
            while chunk := connection.recv(1 << 16):
                answer += chunk
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            pass
        return answer


def raw_get(path: str, method: str = "GET", *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + END
