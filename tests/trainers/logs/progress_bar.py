"""Prints a progress bar with carriage returns and colours, then fails."""

import sys

for percent in range(0, 101, 5):
    print(f"\r\x1b[32m{percent:3d}%\x1b[0m", end="", flush=True)
print("\nabout to fail")
sys.exit(7)
