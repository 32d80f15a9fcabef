"""Many streams of one run, and optionally one that stalls.

Usage: many_streams.py ADDRESS RUN_ID N_STREAMS SECONDS HAS_STALLED CURSOR

Prints "ready" once all are connected, and the time that each update took to each stream.
"""

import asyncio
import json
import sys
import time
from urllib.parse import quote, urlsplit

connected = 0
delays_ms: list[float] = []
counts: list[int] = []


async def follow(host: str, port: int, request: bytes, seconds: float) -> None:
    """Parse a stream as EventSource does, and note the delay of each point from its wall time."""
    global connected
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    await reader.readuntil(b": live\n\n")
    connected += 1
    n_points = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                line = await reader.readline()
                if not line:
                    break
                if line.startswith(b'data: {"run"'):
                    now = time.time()
                    event = json.loads(line[6:])
                    passed_ms = now * 1e3 - event["since_ms"]
                    for steps, after_ms, _ in event["metrics"].values():
                        n_points += len(steps)
                        delays_ms.extend(passed_ms - ms for ms in after_ms)
    except TimeoutError:
        pass
    finally:
        counts.append(n_points)
        writer.close()


async def main() -> None:
    parts, run = urlsplit(sys.argv[1]), sys.argv[2]
    n_streams, seconds, has_stalled = int(sys.argv[3]), float(sys.argv[4]), sys.argv[5] == "1"
    cursor = sys.argv[6]
    request = (
        f"GET /events?run={quote(run)}:{cursor} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    )
    host, port = parts.hostname or "", parts.port or 0
    stalled = None
    if has_stalled:
        stalled = await asyncio.open_connection(host, port, limit=1)
        stalled[1].write(request)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(n_streams):
            tasks.create_task(follow(host, port, request, seconds))
        while connected < n_streams:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        print("ready", flush=True)
        if not n_streams:
            await asyncio.sleep(seconds)
    if stalled:
        stalled[1].close()
    print(json.dumps({"delays_ms": delays_ms, "counts": counts}), flush=True)


asyncio.run(main())
