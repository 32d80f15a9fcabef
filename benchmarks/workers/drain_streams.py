"""Streams that are read and forgotten, for as long as the server keeps them open.

Usage: drain_streams.py ADDRESS N_STREAMS QUERY

Prints "ready" once all are connected. Ends when its stdin is closed, and prints the bytes received.
"""

import asyncio
import sys
from urllib.parse import urlsplit


class Streams:
    def __init__(self) -> None:
        self.n_open = 0
        self.n_bytes = 0

    async def follow(self, host: str, port: int, request: bytes) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(request)
        self.n_open += 1
        while chunk := await reader.read(1 << 16):
            self.n_bytes += len(chunk)
        self.n_open -= 1
        writer.close()


async def main() -> None:
    parts, n_streams, query = urlsplit(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    request = f"GET /events?{query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    streams = Streams()
    host, port = parts.hostname or "", parts.port or 0
    tasks = [asyncio.create_task(streams.follow(host, port, request)) for _ in range(n_streams)]
    while streams.n_open < n_streams:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(
        f"{streams.n_bytes} bytes, {streams.n_open} of {n_streams} streams still open", flush=True
    )
    for task in tasks:
        task.cancel()


asyncio.run(main())
