"""Write an event file of images and scalars, as a script that logs samples does.

Usage: write_images.py FOLDER N_TAGS N_STEPS SIDE_PX
"""

import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def png(pixels: np.ndarray) -> bytes:
    """Return a PNG of uint8 pixels (height, width, 3)."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, data in chunks:
        parts += [struct.pack(">I", len(data)), name, data]
        parts.append(struct.pack(">I", zlib.crc32(name + data)))
    return b"".join(parts)


def main() -> None:
    folder, (n_tags, n_steps, side) = Path(sys.argv[1]), map(int, sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    path = folder / "events.out.tfevents.1.host"
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=0, file_version="brain.Event:2").SerializeToString())
        for step in range(n_steps):
            values = [Summary.Value(tag="loss", simple_value=1 / (step + 1))]
            for tag in range(n_tags):
                data = png(random.integers(0, 255, (side, side, 3), np.uint8))
                image = Summary.Image(
                    height=side, width=side, colorspace=3, encoded_image_string=data
                )
                values.append(Summary.Value(tag=f"samples/{tag}", image=image))
            event = Event(wall_time=1e9 + step, step=step, summary=Summary(value=values))
            writer.write(event.SerializeToString())
    print(json.dumps({"n_images": n_tags * n_steps, "n_bytes": path.stat().st_size}))


main()
