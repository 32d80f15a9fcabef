"""What the event loop of a sweep does whose runs are processes of this machine.

    python benchmarks/on_this_machine.py [--runs N]

It prints one line a figure: what was measured, and the target.
"""

import argparse
import tempfile
from pathlib import Path

from engines.sweeps import measure_loop_of_sweep, new_folder, say_machine

N_AT_ONCE = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=40, help="how many runs")
    options = parser.parse_args()
    say_machine()
    with tempfile.TemporaryDirectory() as top:
        folder = new_folder(Path(top), "loop")
        measure_loop_of_sweep(folder, options.runs, "local", N_AT_ONCE)


if __name__ == "__main__":
    main()
