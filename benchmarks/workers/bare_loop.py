"""The least that a sweep of empty runs has to do, as a yardstick.

Usage: bare_loop.py PYTHON N_RUNS N_WORKERS [MODULE…]

Imports the modules, then runs `nothing.py` so many times. Each run gets a folder and a file for its
output, and a journal gets four records of it. Nothing is sampled, watched, stopped or supervised.
"""

import importlib
import itertools
import json
import os
import sys
import time


def main() -> None:
    python, n_runs, n_workers, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    journal = os.open("journal.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def record(event: str, index: int, **facts: object) -> None:
        line = json.dumps({"event": event, "time": time.time(), "index": index, **facts})
        os.write(journal, f"{line}\n".encode())

    def start(index: int) -> int:
        folder = f"runs/{index}"
        os.makedirs(folder)  # noqa: PTH103 - one import less
        record("sampled", index, hyperparameters={"x": 0.5})
        record("submitting", index, name=folder, attempt=1, slot=0)
        output = os.open(f"{folder}/output.log", os.O_WRONLY | os.O_CREAT)
        command = [python, "nothing.py", f"--logdir={folder}", "--x=0.5"]
        copies = [(os.POSIX_SPAWN_DUP2, output, fd) for fd in (1, 2)]
        pid = os.posix_spawn(python, command, os.environ, file_actions=copies, setsid=True)
        os.close(output)
        record("started", index, name=folder, attempt=1, slot=0)
        return pid

    waiting = iter(range(int(n_runs)))
    running = {start(index): index for index in itertools.islice(waiting, int(n_workers))}
    while running:
        pid, _ = os.wait()
        record("ended", running.pop(pid), state="finished", exit_code=0)
        for index in itertools.islice(waiting, 1):
            running[start(index)] = index


main()
