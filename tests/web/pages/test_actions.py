"""Actions as hand-made requests: which are accepted or refused, and the messages."""

import json
import os
import re
from html import unescape
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.steering.requests import Action
from ml_tracking_ops.orchestrator.store.annotations import read_annotations
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.pages import actions
from ml_tracking_ops.web.serving.limits import DEFAULTS, Limits

HOSTILE = "<img src=x onerror=alert(1)>'\"&"
PATHS = ("/api/control", "/api/resume", "/api/annotate", "/api/tag", "/api/archive", "/api/delete")


class Browser:
    """Sends requests as a page of this server does, unless told otherwise."""

    def __init__(self, logdir: Path, token: str | None = None, limits: Limits = DEFAULTS) -> None:
        self.app = create_app(logdir, token=token, limits=limits)
        self.csrf: str = self.app.state.csrf

    def get(self, path: str) -> httpx.Response:
        return anyio.run(self._send, "GET", path, None, {})

    def post(self, path: str, body: Any, **headers: str | None) -> httpx.Response:
        given = {
            "content-type": "application/json",
            "origin": "http://localhost",
            "sec-fetch-site": "same-origin",
            "x-csrf-token": self.csrf,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in given.items() if value is not None}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return anyio.run(self._send, "POST", path, content, sent)

    async def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, content=content, headers=headers)


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def experiment(logdir: Path) -> str:
    with ExperimentLogger(logdir=str(logdir)) as writer:
        writer.add_scalar("loss", 1.0, 0)
    return Path(writer.folder).name


@pytest.fixture
def sweep(logdir: Path) -> str:
    """A sweep that has ended, with one run."""
    folder = logdir / "sweep"
    folder.mkdir(parents=True)
    (folder / "experiment_description.json").write_text(json.dumps({"config": {}, "seed": 1}))
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=2, pid=1, host="here")
    journal.append("sampled", index=1, hyperparameters={"x": 1})
    journal.append("started", index=1, name="r_0001", attempt=1, pid=1, slot=0)
    journal.append("ended", index=1, state="finished", best_value=None)
    journal.append("sweep_ended", state="finished")
    journal.close()
    return "sweep"


def snapshot(logdir: Path) -> dict[str, tuple[int, int]]:
    """Everything in a log folder, with its size and time of change."""
    found = {}
    for parent, folders, files in os.walk(logdir):
        for name in (*folders, *files):
            status = Path(parent, name).lstat()
            found[str(Path(parent, name))] = (status.st_size, status.st_mtime_ns)
    return found


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x_csrf_token": None}, 403),
        ({"x_csrf_token": "x" * 43}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:81"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example", "origin": "http://evil.example"}, 400),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_request_from_anywhere_else_changes_nothing(
    logdir: Path, experiment: str, sweep: str, headers: dict[str, Any], code: int
) -> None:
    before = snapshot(logdir)
    body = {
        "action": "requeue",
        "run": 1,
        "sweep": sweep,
        "name": "x",
        "archived": True,
        "experiments": [experiment],
    }
    browser = Browser(logdir)
    for path in PATHS:
        answer = browser.post(path, body, **headers)
        assert answer.status_code == code, answer.text
    assert snapshot(logdir) == before


def test_looking_changes_nothing(logdir: Path, experiment: str, sweep: str) -> None:
    before = snapshot(logdir)
    browser = Browser(logdir)
    for path in (
        "/experiments",
        "/experiments?archived=1",
        "/sweeps",
        f"/sweeps/{sweep}",
        f"/runs/{experiment}",
        f"/runs/{sweep}/r_0001",
    ):
        assert browser.get(path).status_code == 200, path
    for path in PATHS:
        assert browser.get(path).status_code == 405
    assert snapshot(logdir) == before


@pytest.mark.parametrize(
    ("path", "body", "code", "output"),
    [
        ("/api/annotate", b"{", 400, "not JSON"),
        ("/api/annotate", b"[" * 5_000, 400, "not JSON"),
        ("/api/annotate", b"[]", 400, "must be a JSON object"),
        ("/api/annotate", {"sweep": "sweep", "note": "x" * 10_001}, 400, "10001 characters"),
        ("/api/annotate", {"sweep": "sweep", "name": 3}, 400, "name: 3 is not allowed"),
        ("/api/annotate", {"sweep": "sweep", "tags": "a"}, 400, "tags"),
        ("/api/annotate", {"sweep": "sweep", "run": 2, "name": "x"}, 404, "has no run 2"),
        ("/api/annotate", {"sweep": "sweep", "run": True, "name": "x"}, 400, "run: true"),
        ("/api/annotate", {"experiment": "../sweep", "name": "x"}, 404, "there is nothing named"),
        ("/api/delete", {"sweeps": ["../../etc"]}, 404, "there is nothing named"),
        ("/api/delete", {"sweeps": ["."]}, 404, "there is nothing named"),
        ("/api/delete", {"experiments": ["/etc"]}, 404, "there is nothing named"),
        ("/api/delete", {}, 400, "nothing is named"),
        ("/api/archive", {"sweeps": ["sweep"]}, 400, "archived is missing"),
        ("/api/control", {"sweep": "sweep", "action": "reboot"}, 400, "action: one of stop"),
        ("/api/control", {"sweep": "sweep", "action": "pause"}, 409, "this sweep is not running"),
        ("/api/control", {"sweep": "sweep", "action": "requeue", "run": 7}, 409, "no run 7"),
    ],
)
def test_impossible_action_is_explained(
    logdir: Path, sweep: str, path: str, body: Any, code: int, output: str
) -> None:
    before = snapshot(logdir)
    answer = Browser(logdir).post(path, body)
    assert (answer.status_code, output in answer.json()["error"]) == (code, True), answer.text
    assert snapshot(logdir) == before


def test_request_that_is_too_large_is_refused(logdir: Path, sweep: str) -> None:
    answer = Browser(logdir).post("/api/annotate", {"sweep": sweep, "note": "x" * 70_000})
    assert answer.status_code == 413
    assert read_annotations(logdir / sweep).own.note == ""


def test_annotations_are_stored_shown_and_escaped(
    logdir: Path, experiment: str, sweep: str
) -> None:
    browser = Browser(logdir)
    output = {"name": HOSTILE, "note": f"{HOSTILE}\nline", "tags": [HOSTILE, "b"]}
    for target in ({"experiment": experiment}, {"sweep": sweep}, {"sweep": sweep, "run": 1}):
        answer = browser.post("/api/annotate", {**target, **output})
        assert answer.status_code == 200, answer.text
    for path in ("/experiments", f"/runs/{experiment}", f"/sweeps/{sweep}", "/runs/sweep/r_0001"):
        html = browser.get(path).text
        assert "<img" not in html
        assert HOSTILE in unescape(html), path
        page_data = re.search(r"data-page='(.*?)'>", html, re.DOTALL)
        assert page_data is not None
        json.loads(unescape(page_data[1]))


def test_concurrent_changes_of_others_are_kept(logdir: Path, sweep: str) -> None:
    browser = Browser(logdir)

    def save(**output: Any) -> httpx.Response:
        return browser.post("/api/annotate", {"sweep": sweep, **output})

    assert save(note="by A", was={"note": ""}).status_code == 200
    assert save(name="by B", was={"name": ""}).status_code == 200
    refused = save(note="by B", was={"note": ""})
    assert refused.status_code == 409
    assert "the note was changed to “by A” meanwhile" in refused.json()["error"]
    assert save(note="by A", was={"note": ""}).status_code == 200  # both say the same
    own = read_annotations(logdir / sweep).own
    assert (own.name, own.note) == ("by B", "by A")
    assert save(note="by B").status_code == 200


def test_archived_items_leave_the_pages_and_deleted_ones_the_disk(
    logdir: Path, experiment: str, sweep: str
) -> None:
    browser = Browser(logdir)
    both = {"experiments": [experiment], "sweeps": [sweep]}
    assert browser.post("/api/archive", {**both, "archived": True}).json()["message"] == (
        "2 are archived"
    )
    for section, name in (("experiments", experiment), ("sweeps", sweep)):
        shown = browser.get(f"/{section}").text
        assert f'id="row-{name}"' not in shown
        assert f'id="sweep-row-{name}"' not in shown
        assert "?archived=1" in shown
        archive = browser.get(f"/{section}?archived=1").text
        assert f'row-{name}"' in archive
    assert browser.post("/api/delete", both).json()["message"] == "2 were deleted"
    assert list(logdir.iterdir()) == []


def test_running_items_are_not_deleted(logdir: Path) -> None:
    with ExperimentLogger(logdir=str(logdir)) as writer:
        writer.add_scalar("loss", 1.0, 0)
        name = Path(writer.folder).name
        answer = Browser(logdir).post("/api/delete", {"experiments": [name]})
    assert (answer.status_code, "is running" in answer.json()["error"]) == (400, True)
    assert Path(writer.folder).is_dir()


def test_buttons_appear_only_where_they_can_act(logdir: Path, experiment: str, sweep: str) -> None:
    def buttons(html: str) -> list[str]:
        return re.findall(r"<button[^>]*data-action[^>]*>([^<]+)<", html)

    browser = Browser(logdir, limits=Limits(fresh_s=-1.0))
    assert buttons(browser.get(f"/runs/{experiment}").text) == ["Archive", "Delete"]
    assert buttons(browser.get("/runs/sweep/r_0001").text) == ["Run again"]
    assert buttons(browser.get(f"/sweeps/{sweep}").text) == ["Archive", "Delete"]
    journal = Journal(logdir / sweep / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=2, pid=os.getpid(), host="here")
    assert buttons(browser.get(f"/sweeps/{sweep}").text) == ["Pause", "2 workers", "Stop sweep"]
    journal.append("requested", id="1", action="pause", by="me", outcome="done", message="")
    html = browser.get(f"/sweeps/{sweep}").text
    assert buttons(html)[0] == "Continue"
    assert "Paused" in html
    assert "--resume" not in html
    again = {"action": "requeue", "index": 1, "outcome": "done", "attempt": 2, "message": ""}
    journal.append("requested", id="2", **again)
    assert buttons(browser.get("/runs/sweep/r_0001").text) == ["Take back"]
    assert buttons(browser.get(f"/sweeps/{sweep}").text)[0] == "Take back: 1"
    journal.append("sweep_ended", state="killed", reason="SIGINT")
    assert buttons(browser.get("/runs/sweep/r_0001").text) == ["Take back"]
    for action, label in (("stop", "Run again"), ("requeue", "Take back"), ("stop", "Run again")):
        body = {"sweep": sweep, "action": action, "run": 1}
        assert browser.post("/api/control", body).json()["outcome"] == "recorded"
        assert buttons(browser.get("/runs/sweep/r_0001").text) == [label]
    resume = f"ml-tracking-ops sweep --resume {logdir / sweep}"
    assert f'data-copy="{resume}"' in browser.get(f"/sweeps/{sweep}").text
    journal.close()


@pytest.mark.parametrize(
    ("action", "outcome", "is_paused", "message"),
    [
        ("requeue", "done", False, "6 runs run again in free slots"),
        ("requeue", "done", True, "6 runs run again when the sweep continues: it is paused"),
        ("requeue", "recorded", False, "6 runs run again when the sweep is resumed"),
        ("stop", "done", True, "6 runs will not run again"),
    ],
)
def test_outcome_of_an_action_on_several_runs_is_reported(
    action: Action, outcome: str, is_paused: bool, message: str
) -> None:
    assert actions._of_many(6, action, outcome, is_paused=is_paused) == message


def test_actions_need_the_access_token(logdir: Path, sweep: str) -> None:
    browser = Browser(logdir, token="secret")
    body = {"sweep": sweep, "name": "x"}
    assert browser.post("/api/annotate", body).status_code == 403
    # the cookie is named after the port, and this server has none
    cookie = "ml-tracking-ops-None=secret"
    assert browser.post("/api/annotate", body, cookie=cookie, x_csrf_token="").status_code == 403
    assert read_annotations(logdir / sweep).own.name is None
    assert browser.post("/api/annotate", body, cookie=cookie).status_code == 200
    assert read_annotations(logdir / sweep).own.name == "x"


def tags_in(folder: Path) -> list[str]:
    """Return the tags of the only annotated item in a folder."""
    (found,) = re.findall(r'"tags": (\[[^]]*\])', (folder / "annotations.json").read_text())
    tags: list[str] = json.loads(found)
    return tags


def test_tag_is_added_to_runs_of_any_kind_and_removed_again(
    logdir: Path, sweep: str, experiment: str
) -> None:
    browser = Browser(logdir)
    browser.post("/api/annotate", {"experiment": experiment, "tags": ["old"]})
    body = {"runs": ["sweep/r_0001", experiment], "tag": " paper  draft "}
    assert browser.post("/api/tag", body).json()["message"] == "“paper draft” is added to 2 runs"
    assert tags_in(logdir / experiment) == ["old", "paper draft"]
    assert list(read_annotations(logdir / "sweep").run(1).tags) == ["paper draft"]
    answer = browser.post("/api/tag", {**body, "removed": True})
    assert answer.json()["message"] == "“paper draft” is removed from 2 runs"
    assert tags_in(logdir / experiment) == ["old"]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"runs": ["sweep/r_0001"], "tag": "  "}, 400, "empty"),
        ({"runs": ["sweep/r_0001"], "tag": "a,b"}, 400, "comma"),
        ({"runs": [], "tag": "a"}, 400, "1 to"),
        ({"runs": ["sweep/../secret"], "tag": "a"}, 404, "there is nothing named"),
        ({"runs": "sweep/r_0001", "tag": "a"}, 400, "not allowed"),
    ],
)
def test_tag_that_cannot_be_set_says_why(
    logdir: Path, sweep: str, body: dict[str, Any], status: int, why: str
) -> None:
    answer = Browser(logdir).post("/api/tag", body)
    assert answer.status_code == status
    assert why in answer.text
    assert list(read_annotations(logdir / "sweep").run(1).tags) == []
