"""Follow a sweep and its runs, as open pages do.

Usage: follow_sweep.py ADDRESS LOGDIR N_STREAMS
"""

import asyncio
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

RECONNECT_S = 2.0


async def follow(address: str, logdir: Path) -> None:
    """Open a stream, and every two seconds a new one with the runs at that time."""
    parts = urlsplit(address)
    while True:
        folders = [path.parent for path in logdir.glob("*/journal.jsonl")]
        if not folders:
            await asyncio.sleep(0.1)
            continue
        sweep = folders[0].name
        runs = sorted(path.stem for path in folders[0].glob("*.dat"))[-8:]
        query = "&".join(
            [f"sweep={quote(sweep)}", *(f"run={quote(sweep)}/{one}:0" for one in runs)]
        )
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(f"GET /events?{query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        try:
            async with asyncio.timeout(RECONNECT_S):
                while await reader.read(1 << 16):
                    pass
        except TimeoutError:
            pass
        finally:
            writer.close()


async def main() -> None:
    address, logdir, n_streams = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    await asyncio.gather(*(follow(address, logdir) for _ in range(n_streams)))


asyncio.run(main())
