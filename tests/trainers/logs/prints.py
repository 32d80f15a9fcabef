"""Prints given lines without using a logger, then waits on request."""

import sys
import time
from pathlib import Path

lines_file, *until = sys.argv[1:]
for line in Path(lines_file).read_text().splitlines(keepends=True):
    sys.stdout.write(line)
    sys.stdout.flush()
while until and not Path(until[0]).exists():
    time.sleep(0.005)
