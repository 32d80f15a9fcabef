"""Answers questions with W&B's packages `sweeps` and `wandb`, one JSON object a line.

It is a separate program, because a module of these tests is called `sweeps` too, and W&B's packages
give warnings when they are imported.
"""

import json
import sys
from types import SimpleNamespace
from typing import Any

from sweeps import RunState, SweepRun, next_runs
from sweeps.config.cfg import schema_violations_from_proposed_config
from sweeps.hyperband_stopping import hyperband_stop_runs
from sweeps.params import HyperParameter


def violations(config: Any) -> list[str]:
    """Return the violations that the validator finds, without its remark about `log_uniform`."""
    try:
        found = schema_violations_from_proposed_config(config)
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        return [f"{type(error).__name__}: {error}"]
    return [text for text in found if "min/max specify base-e exponents" not in text]


def cautions(config: Any) -> list[str]:
    found = schema_violations_from_proposed_config(config)
    return [text for text in found if "min/max specify base-e exponents" in text]


def quantiles(parameter: dict[str, Any], units: list[float]) -> list[Any]:
    distribution = HyperParameter("x", parameter)
    return [as_json(distribution.ppf(unit)) for unit in units]


def grid(config: dict[str, Any], n: int) -> list[dict[str, Any]]:
    return [
        {name: as_json(value["value"]) for name, value in run.config.items()}
        for run in next_runs(config, [], n=n)
        if run is not None
    ]


def stopped(config: dict[str, Any], histories: list[list[float]], names: list[str]) -> Any:
    """Return the bands and the running runs to stop."""
    metric = config["metric"]["name"]
    runs = [
        SweepRun(name=name, state=RunState.running, history=[{metric: v} for v in values])
        for name, values in zip(names, histories, strict=True)
    ]
    stop = [run.name for run in hyperband_stop_runs(runs, config)]
    return {"stop": stop, "bands": runs[0].early_terminate_info["bands"]}


def agent_command(command: list[Any] | None, program: str, values: dict[str, Any]) -> list[str]:
    """Return the argument list with which W&B's agent starts a run."""
    from wandb import wandb_agent

    started: list[list[str]] = []

    def start(command: list[str], **_: Any) -> SimpleNamespace:
        started.append(command)
        return SimpleNamespace()

    wandb_agent.AgentProcess = start
    agent = object.__new__(wandb_agent.Agent)
    agent._in_jupyter = agent._forward_signals = False
    agent._function = None
    agent._run_processes = {}
    agent._sweep_command = command
    given = {name: {"value": value} for name, value in values.items()}
    agent._command_run({"run_id": "RUN", "program": program, "args": given})
    return [str(part) for part in started[0]]


def as_json(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


QUESTIONS = {
    function.__name__: function
    for function in (violations, cautions, quantiles, grid, stopped, agent_command)
}

for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = {"answer": QUESTIONS[question["what"]](*question["arguments"])}
    except Exception as error:  # noqa: BLE001 (what their code raises is the answer)
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({**answer, "number": question["number"]}), flush=True)
