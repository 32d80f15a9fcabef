"""Exits at once and leaves a child running that ignores SIGTERM."""

import os
import signal
import time

if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
print("leaving", flush=True)
os._exit(3)
