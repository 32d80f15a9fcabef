"""Figure 10: the page of a sweep of 10,000 runs, and of 100,000."""

import json
import random
import time
from pathlib import Path

from suite.browser import browse
from suite.logs import write_log
from suite.measuring import Figure, Options, peak_resident_mb
from suite.scratch import scratch
from suite.server import serving

NAME = "2026-01-01_00-00-00"
_IS_USABLE = "document.querySelectorAll('#table-rows > tr').length > 0 && window.htmx"
_ACT = """(index) => {
  const rows = () => document.querySelector("#table-rows").textContent;
  const before = rows();
  (TARGET).click();
  return () => rows() !== before;
}"""
_SORT = _ACT.replace(
    "TARGET",
    """document.querySelector(
  `th[data-column="${["best_value", "p.x", "duration"][index % 3]}"] a`)""",
)
_FILTER = _ACT.replace(
    "TARGET",
    """document.querySelector(
  `#filter-menu input[name="p.kind"][value="${"abc"[index % 3]}"]`)""",
)


def measure(options: Options) -> Figure:
    figure = Figure(
        "table",
        "10 · a sweep's table",
        "the page of an ended sweep with three hyperparameters, in Chromium; from the click on a "
        "column's head, or on a filter's box, to the painted rows; server CPU per click",
    )
    _add(figure, options.pick(10_000, 500), options, sort_ms=200, most_mb=None)
    _add(figure, options.pick(100_000, 1_000), options, sort_ms=300, most_mb=300)
    return figure


def _add(
    figure: Figure, n_runs: int, options: Options, *, sort_ms: int, most_mb: int | None
) -> None:
    cpu: dict[str, list[float]] = {_SORT: [], _FILTER: []}
    times: dict[str, list[float]] = {_SORT: [], _FILTER: []}
    usable, resident = [], []
    with scratch() as folder:
        write_sweep(folder / NAME, n_runs)
        page = f"/sweeps/{NAME}"
        for _ in range(options.pick(3, 1)):
            with serving(folder, first=page) as server:
                address = f"{server.address}{page}"
                for script in (_SORT, _FILTER):
                    n_clicks = options.pick(9, 3)
                    found = browse("click", address, _IS_USABLE, script, n_clicks, server.pid)
                    usable.append(found["ready_ms"] / 1e3)
                    times[script] += found["times_ms"]
                    cpu[script] += [1e3 * one for one in found["cpu_s"]]
                resident.append(peak_resident_mb(server.pid))
    what = f"{n_runs:,} runs"
    figure.add(f"{what}: page usable, warm", usable, "s", at_most=1)
    for name, script in (("sort", _SORT), ("filter", _FILTER)):
        figure.add(f"{what}: {name}", times[script], "ms", at_most=sort_ms)
        figure.add(f"{what}: {name}, server CPU", cpu[script], "ms")
    figure.add(f"{what}: server resident, at most", resident, "MB", at_most=most_mb)


def write_sweep(folder: Path, n_runs: int) -> None:
    """Write the folder of a sweep that has ended: description, journal, newest logs."""
    folder.mkdir(parents=True)
    began = time.time() - n_runs
    config = {
        "main_script_name": "train.py",
        "max_runs": n_runs,
        "early_stopping": False,
        "optimization_metric": "score",
        "optimization_goal": "max",
        "hyperparameters": {
            "x": {"type": "uniform", "min": 0, "max": 1},
            "y": {"type": "uniform", "min": 0, "max": 1},
            "kind": {"type": "choice", "candidates": ["a", "b", "c"]},
        },
    }
    description = {"config": config, "seed": 1, "created_at": began}
    (folder / "experiment_description.json").write_text(json.dumps(description))
    lines = [_event("sweep_started", began, pid=0, host="elsewhere", n_workers=2)]
    draw = random.Random(1)
    for index in range(1, n_runs + 1):
        at = began + index
        name = f"{NAME}_{index:05d}"
        values = {"x": draw.random(), "y": draw.random(), "kind": draw.choice("abc")}
        lines += [
            _event("sampled", at, index=index, hyperparameters=values),
            _event("started", at, index=index, name=name, attempt=1, slot=0, pid=0),
            _event(
                "ended",
                at + 1,
                index=index,
                state="finished",
                exit_code=0,
                duration_s=1.0,
                best_value=draw.random(),
                best_step=99,
                n_values=100,
                reason=None,
                output_tail=[],
            ),
        ]
        if index > n_runs - 100:
            write_log(folder / f"{name}.dat", 100, ("score",), seed=index)
    lines.append(_event("sweep_ended", began + n_runs, state="finished", reason=None))
    (folder / "journal.jsonl").write_text("".join(lines))


def _event(event: str, at: float, **fields: object) -> str:
    return json.dumps({"event": event, "time": round(at, 6), **fields}) + "\n"
