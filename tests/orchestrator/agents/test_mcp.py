"""The tools for coding agents, called over the real protocol by the real client."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_type_hints

import anyio
import pytest
from mcp import Client, StdioServerParameters
from places import ROOT
from sweeps import choice, run_command, sweep_folder, write_config

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.agents import answers
from ml_tracking_ops.orchestrator.reports import shapes
from ml_tracking_ops.orchestrator.reports.printed_events import OpenedEvent

LIMIT_S = 90
pytestmark = pytest.mark.anyio


@asynccontextmanager
async def agent(folder: Path, *options: str) -> AsyncIterator[Client]:
    """A client of `ml-tracking-ops mcp`, started in a project's folder."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "ml_tracking_ops.orchestrator.cli", "mcp", *options],
        cwd=folder,
        env=dict(os.environ),
    )
    with anyio.fail_after(LIMIT_S):
        async with Client(server) as client:
            yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured answer of a tool that succeeds. It holds all that the text does."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    (content,) = result.content
    assert content.type == "text"
    assert json.loads(content.text) == result.structured_content
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """The message of a tool that refuses."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    (content,) = result.content
    assert content.type == "text"
    return content.text


async def test_agent_runs_a_sweep_waits_for_it_and_finds_the_best_run(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=3)
    async with agent(tmp_path) as client:
        started = await call(client, "start_sweep", workers=2, seed=1)
        ended = await call(client, "wait_for_sweep", sweep=started["name"], timeout_s=60)
        assert (ended["outcome"], ended["state"]) == ("met", "finished")
        report = await call(client, "show", name=started["name"], limit=1)
        (best,) = report["runs"]
        assert best["index"] == ended["best"]["index"]
        assert best["best_value"] == ended["best"]["best_value"] == best["hyperparameters"]["x"]
        assert best["hyperparameters"] == ended["best"]["hyperparameters"]
        compared = await call(client, "compare", names=[started["name"]], runs=[1, 2])
        assert [run["metrics"]["Accuracy"]["count"] for run in compared["runs"]] == [1, 1]
        listed = await call(client, "list_runs")
        assert listed["logdir"] == str(tmp_path / "runs")
        assert [entry["name"] for entry in listed["entries"]] == [started["name"]]


async def test_agent_stops_a_running_sweep_and_requeues_a_run(tmp_path: Path) -> None:
    until = str(tmp_path / "until")
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(until)}
    )
    async with agent(tmp_path) as client:
        name = (await call(client, "start_sweep"))["name"]
        await call(client, "wait_for_sweep", sweep=name, until="best>=1", timeout_s=60)
        await call(client, "pause_or_continue", sweep=name, action="pause")
        assert "ready" in (await call(client, "tail_output", name=name, run=1))["lines"]
        await call(client, "stop", sweep=name)
        ended = await call(client, "wait_for_sweep", sweep=name, timeout_s=60)
        assert (ended["outcome"], ended["state"]) == ("ended", "killed")
        answers = (await call(client, "requeue", sweep=name, runs=[1]))["answers"]
        assert "Run 1 runs again when it is resumed" in answers[0]


async def test_agent_requeues_a_run_of_a_finished_sweep_and_resumes_it(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=2)
    async with agent(tmp_path) as client:
        started = await call(client, "start_sweep", workers=1)
        assert started["n_workers"] == 1
        name = started["name"]
        await call(client, "wait_for_sweep", sweep=name)
        await call(client, "requeue", sweep=name, runs=[1])
        resumed = await call(client, "resume_sweep", sweep=name, workers=2, max_runs=3)
        assert (resumed["name"], resumed["n_workers"]) == (name, 2)
        ended = await call(client, "wait_for_sweep", sweep=name)
        assert (ended["outcome"], ended["counts"]) == ("met", {"finished": 3})
        first = await call(client, "show", name=name, run=1)
        assert first["attempt"] == 2


async def test_sweep_of_another_project_is_not_resumed(tmp_path: Path) -> None:
    project, other = tmp_path / "project", tmp_path / "other"
    project.mkdir()
    write_config(other, "short.py", max_runs=1)
    logdir = str(project / "runs")
    assert run_command("sweep", "--logdir", logdir, folder=other).returncode == 0
    async with agent(project) as client:
        name = sweep_folder(project / "runs").name
        message = await refusal(client, "resume_sweep", sweep=name, max_runs=2)
    assert f"the configuration of {name} is not in {project}" in message


async def test_waiting_agent_gets_the_reason_of_a_sweep_whose_runs_fail(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=3)
    config = json.loads((tmp_path / "experiment_cfg.json").read_text())
    config["command"] = ["sh", "-c", "echo no data; exit 3"]
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    async with agent(tmp_path) as client:
        name = (await call(client, "start_sweep", workers=1))["name"]
        ended = await call(client, "wait_for_sweep", sweep=name)
        assert (ended["outcome"], ended["state"]) == ("ended", "failed")
        assert "exit code 3" in ended["reason"]
        assert "best" not in ended
        assert (await call(client, "tail_output", name=name, run=1))["lines"] == ["no data"]


async def test_arguments_without_a_meaning_are_refused(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=1)
    assert run_command("sweep", folder=tmp_path).returncode == 0
    name = sweep_folder(tmp_path / "runs").name
    async with agent(tmp_path) as client:
        assert "greater than or equal to 1" in await refusal(client, "list_runs", limit=0)
        assert "greater than or equal to 1" in await refusal(
            client, "tail_output", name=name, run=1, lines=-2
        )
        assert "at least 1 item" in await refusal(client, "compare", names=[])
        assert "either" in await refusal(client, "requeue", sweep=name)
        assert "either" in await refusal(client, "requeue", sweep=name, runs=[1], only_failed=True)
        assert f"no run of {name} has failed" in await refusal(
            client, "requeue", sweep=name, only_failed=True
        )


async def test_every_argument_is_described(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    async with agent(tmp_path) as client:
        tools = (await client.list_tools()).tools
    undescribed = [
        f"{tool.name}.{name}"
        for tool in tools
        for name, schema in tool.input_schema["properties"].items()
        if "description" not in schema and "enum" not in schema
    ]
    assert undescribed == []


async def test_every_answer_has_a_schema_with_its_keys(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    async with agent(tmp_path) as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
    assert [name for name, schema in schemas.items() if not (schema or {}).get("properties")] == []
    report = schemas["show"]
    assert report is not None
    assert report["properties"]["runs"] == {
        "items": {"$ref": "#/$defs/ShownRun"},
        "title": "Runs",
        "type": "array",
    }
    assert {"metrics", "hyperparameters", "best_value"} <= set(
        report["$defs"]["ShownRun"]["properties"]
    )


@pytest.mark.parametrize(
    ("answer", "shape"),
    [
        (answers.RunListEntry, shapes.ListedExperiment),
        (answers.RunListEntry, shapes.ListedSweep),
        (answers.ShownRun, shapes.FoundRunReport),
        (answers.ShownRun, shapes.ExperimentReport),
        (answers.Report, shapes.SweepReport),
        (answers.StartedSweep, OpenedEvent),
    ],
)
def test_schemas_of_answers_leave_out_no_key_of_the_reports(answer: type, shape: type) -> None:
    assert set(get_type_hints(shape)) <= set(get_type_hints(answer))


async def test_experiment_is_listed_and_shown(tmp_path: Path) -> None:
    with ExperimentLogger(str(tmp_path / "runs")) as writer:
        writer.add_scalar("loss", 0.5, 3)
        writer.add_scalar("loss", float("nan"), 4)
        writer.log_config({"lr": 1e-3, "none": None, "layers": [64, {"size": 2}]})
        writer.add_text("note", "a text", 0)
    async with agent(tmp_path) as client:
        (entry,) = (await call(client, "list_runs"))["entries"]
        assert entry["kind"] == "experiment"
        assert entry["config"] == {"lr": 1e-3, "none": None, "layers": [64, {"size": 2}]}
        report = await call(client, "show", name=entry["name"])
    assert report["metrics"]["loss"]["count"] == 2
    assert [one["kind"] for one in report["media"]] == ["text"]


async def test_sweep_with_a_verdict_is_shown_whole(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "noisy.py",
        seed=3,
        max_runs=6,
        repeats={"count": 3, "seed_name": "seed"},
        where=["Accuracy <= 1e9"],
        hyperparameters={
            "x": {"type": "uniform", "min": 0, "max": 1},
            "noise": {"type": "constant", "value": 0.01},
            "gap": {"type": "constant", "value": 1.0},
        },
    )
    assert run_command("sweep", folder=tmp_path).returncode == 0
    async with agent(tmp_path) as client:
        (entry,) = (await call(client, "list_runs"))["entries"]
        report = await call(client, "show", name=entry["name"])
    assert report["verdict"]["n_candidates"] == 2
    assert [len(one["runs"]) for one in report["combinations"]] == [3, 3]


async def test_sweep_with_several_objectives_is_shown_whole(tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "two_goals.py",
        max_runs=3,
        hyperparameters={"x": {"type": "uniform", "min": 0, "max": 1}},
        objectives=[
            {"metric": "accuracy", "goal": "max"},
            {"metric": "latency_ms", "goal": "min"},
        ],
    )
    settings = json.loads(config.read_text())
    del settings["optimization_metric"], settings["optimization_goal"]
    config.write_text(json.dumps(settings))
    assert run_command("sweep", folder=tmp_path).returncode == 0
    async with agent(tmp_path) as client:
        (entry,) = (await call(client, "list_runs"))["entries"]
        report = await call(client, "show", name=entry["name"])
        ended = await call(client, "wait_for_sweep", sweep=entry["name"])
    assert report["front"] == entry["front"]
    assert [one["metric"] for one in report["objectives"]] == ["accuracy", "latency_ms"]
    assert len(ended["front"]) == len(report["front"])


async def test_tools_that_end_something_are_marked(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    async with agent(tmp_path) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    marks = {name: tool.annotations for name, tool in tools.items()}
    assert all(mark is not None for mark in marks.values())
    destructive = {name for name, mark in marks.items() if mark and mark.destructive_hint}
    reading = {name for name, mark in marks.items() if mark and mark.read_only_hint}
    assert destructive == {"stop"}
    assert reading == {"list_runs", "show", "compare", "tail_output", "wait_for_sweep"}
    assert all(tool.description for tool in tools.values())
    for page in ("agents.md", "llms.txt"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert [name for name in tools if f"`{name}`" not in text] == [], page


async def test_read_only_server_offers_nothing_that_starts_or_changes(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    async with agent(tmp_path, "--read-only") as client:
        tools = (await client.list_tools()).tools
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)


async def test_nothing_outside_of_the_log_folder_is_shown_or_started(tmp_path: Path) -> None:
    project, other = tmp_path / "project", tmp_path / "other"
    for folder in (project, other):
        write_config(folder, "short.py", max_runs=1)
        assert run_command("sweep", folder=folder).returncode == 0
    outside = sweep_folder(other / "runs")
    (project / "runs" / "link").symlink_to(outside)
    async with agent(project) as client:
        for name in (str(outside), f"../../other/runs/{outside.name}", "link", "/etc"):
            assert "no experiment, sweep or run of this name" in await refusal(
                client, "show", name=name
            )
        message = await refusal(client, "start_sweep", config="../other/experiment_cfg.json")
        assert "is not in" in message


async def test_mistake_in_a_configuration_is_returned(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=0)
    async with agent(tmp_path) as client:
        assert "max_runs" in await refusal(client, "start_sweep")
