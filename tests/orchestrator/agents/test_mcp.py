"""The tools for coding agents, called over the real protocol by the real client."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from sweeps import choice, run_command, sweep_folder, write_config

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
    """The structured answer of a tool that succeeds."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """What a tool says that refuses."""
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
        assert best["index"] == ended["best_run"]
        assert best["best_value"] == ended["best_value"] == best["hyperparameters"]["x"]
        compared = await call(client, "compare", names=[started["name"]], runs=[1, 2])
        assert [run["metrics"]["Accuracy"]["count"] for run in compared["runs"]] == [1, 1]
        listed = await call(client, "list_runs")
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
        said = await refusal(client, "start_sweep", config="../other/experiment_cfg.json")
        assert "is not in" in said


async def test_mistake_in_a_configuration_is_the_answer(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=0)
    async with agent(tmp_path) as client:
        assert "max_runs" in await refusal(client, "start_sweep")
