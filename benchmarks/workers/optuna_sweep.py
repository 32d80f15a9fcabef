"""A study whose trials are processes that do nothing.

Usage: optuna_sweep.py memory|sqlite FOLDER N_TRIALS PYTHON
"""

import json
import subprocess
import sys
import time

import optuna

storage, folder, n_trials, python = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    subprocess.run([python, "-c", "", f"--x={x}"], check=True)
    return x


optuna.logging.set_verbosity(optuna.logging.WARNING)
started = time.perf_counter()
url = None if storage == "memory" else f"sqlite:///{folder}/study.db"
study = optuna.create_study(storage=url, sampler=optuna.samplers.RandomSampler(seed=1))
study.optimize(objective, n_trials=n_trials, n_jobs=2)
print(json.dumps({"seconds": time.perf_counter() - started}))
