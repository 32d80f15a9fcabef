"""Knows nothing of any logger: prints what it is told to, line by line, then waits if told to."""

import sys
import time
from pathlib import Path

lines_file, *until = sys.argv[1:]
for line in Path(lines_file).read_text().splitlines(keepends=True):
    sys.stdout.write(line)
    sys.stdout.flush()
while until and not Path(until[0]).exists():
    time.sleep(0.005)
