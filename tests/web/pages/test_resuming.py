"""Who may resume a sweep from its page, and what others get instead."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pages import Client, finished_run, write_sweep
from starlette.requests import Request

from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.steering.background import resume_in_background
from ml_tracking_ops.orchestrator.steering.requests import new_request, submit
from ml_tracking_ops.web.pages.resuming import may_start


def request(host: str, *, has_token: bool = False, **headers: str) -> Request:
    scope: dict[str, Any] = {
        "type": "http",
        "client": (host, 1234),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        "app": SimpleNamespace(state=SimpleNamespace(has_token=has_token)),
    }
    return Request(scope)


def test_only_the_machine_itself_or_the_token_may_resume() -> None:
    assert may_start(request("127.0.0.1"))
    assert may_start(request("::1"))
    assert not may_start(request("192.168.1.7"))
    assert may_start(request("192.168.1.7", has_token=True))
    for name in ("forwarded", "x_forwarded_for", "x_real_ip"):
        assert not may_start(request("127.0.0.1", **{name: "10.0.0.1"}))


def test_command_of_a_folder_with_spaces_can_be_pasted_into_a_shell(
    client: Client, logdir: Path
) -> None:
    folder = logdir / "my sweep"
    write_sweep(folder, finished_run(1, 0.5))
    assert "--resume" not in client.get("/sweeps/my%20sweep").text
    submit(folder, new_request("requeue", "me", index=1))
    html = client.get("/sweeps/my%20sweep").text
    assert "To run again when the sweep is resumed: run 1." in html
    command = f"ml-tracking-ops sweep --resume &#39;{folder}&#39;"
    assert f'data-copy="{command}"' in html
    assert re.search(r'id="resume-notice".*data-action[^>]*/api/resume', html, re.DOTALL)


def test_sweep_that_cannot_be_resumed_says_why(logdir: Path) -> None:
    write_sweep(logdir / "s", finished_run(1, 0.5))
    with pytest.raises(UsageError, match="--yes"):
        resume_in_background(logdir / "s")
