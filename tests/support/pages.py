"""Sweeps and logs written by hand, and their pages from the app in this process."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.serving.limits import DEFAULTS, Limits

HOSTILE = "<script>alert(1)</script>'\"&"


class Client:
    """Requests pages of the app in this process, without a socket."""

    def __init__(self, logdir: Path, limits: Limits = DEFAULTS) -> None:
        self._app = create_app(logdir, limits=limits)

    def get(self, path: str) -> httpx.Response:
        return anyio.run(self._get, path)

    async def _get(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)


def log(path: Path, monkeypatch: pytest.MonkeyPatch, **metrics: list[float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
    with ExperimentLogger() as writer:
        for name, values in metrics.items():
            for step, value in enumerate(values):
                writer.add_scalar(name, value, step)


def write_sweep(folder: Path, events: list[dict[str, Any]], **changes: Any) -> None:
    folder.mkdir(parents=True)
    config = {
        "main_script_name": "train_script.py",
        "hyperparameters": {
            "learning_rate": {"type": "uniform", "min": 1e-5, "max": 1e-2},
            "batch_size": {"type": "choice", "candidates": [32, 64, 128]},
        },
        "max_runs": 40,
        "early_stopping": True,
        "early_stopping_patience": 5,
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
        **changes,
    }
    description = {
        "created_at": 1.0,
        "config": config,
        "seed": 1234,
        "n_workers": 4,
        "command": ["/home/me/bin/ml-tracking-ops", "--run_sweep=True", "--logdir=my runs"],
    }
    (folder / "experiment_description.json").write_text(json.dumps(description))
    journal = Journal(folder / "journal.jsonl", lambda trouble: None)
    journal.append("sweep_started", n_workers=4, pid=1, host=None)
    for event in events:
        journal.append(**event)
    journal.append("sweep_ended", state="finished")
    journal.close()


def finished_run(index: int, value: float | None = None, **fields: Any) -> list[dict[str, Any]]:
    ended = {"state": "finished", "exit_code": 0, "best_value": value, "best_step": 7, **fields}
    hyperparameters = {"learning_rate": index / 1000, "batch_size": 32}
    return [
        {"event": "sampled", "index": index, "hyperparameters": hyperparameters},
        {"event": "started", "index": index, "name": f"run_{index:04d}"},
        {"event": "ended", "index": index, **ended},
    ]


def page_data(html: str) -> dict[str, Any]:
    (text,) = re.findall(r"data-page='([^']*)'", html)
    data: dict[str, Any] = json.loads(unescape(text))
    return data


def text_of(html: str) -> str:
    """Return roughly what a reader sees: no tags, single spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
