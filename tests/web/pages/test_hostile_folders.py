"""Foreign folders: every page answers, and none shows files from elsewhere."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.paths import DESCRIPTION_NAME, JOURNAL_NAME
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.web.app import create_app

NAMES = st.sampled_from(
    [
        "run_0001",
        "run_0002",
        "",
        ".",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "a\0b",
        "\ud800",
        "n" * 5_000,
        "a/b",
        "<script>alert(1)</script>",
        "\x1b]8;;http://evil.example\x07",
        "100%",
    ]
)
NUMBERS = st.one_of(
    st.integers(-2, 3), st.sampled_from([10**400, -(10**30), 2**63, 1e308, "NaN", "inf", 0.5])
)
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, NAMES, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
STATES = st.sampled_from(["finished", "running", "early_stopped", "failed", "killed", "lost"])
EVENTS = st.sampled_from(
    [
        "sweep_started",
        "known",
        "sampled",
        "submitting",
        "submitted",
        "queued",
        "not_submitted",
        "started",
        "stopped_early",
        "ended",
        "retrying",
        "stopping",
        "warning",
        "sweep_ended",
        "else",
    ]
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "index": st.integers(1, 2),
    "name": NAMES,
    "time": NUMBERS,
    "state": STATES,
    "best_value": NUMBERS,
    "best_step": NUMBERS,
    "n_workers": NUMBERS,
    "max_runs": NUMBERS,
    "hyperparameters": st.dictionaries(NAMES, JUNK, max_size=3),
    "attempt": NUMBERS,
    "pid": NUMBERS,
    "process_identity": NAMES,
    "ref": st.none()
    | st.fixed_dictionaries(
        {"executor": st.sampled_from(["local", "queue"]), "id": NAMES, "label": NAMES}
    ),
    "node": NAMES,
    "host": NAMES,
    "slot": NUMBERS,
    "gpus": JUNK,
    "exit_code": NUMBERS,
    "duration_s": NUMBERS,
    "reason": NAMES,
    "message": NAMES,
    "output_tail": st.lists(NAMES, max_size=2),
    "rule": NAMES,
    "metric": NAMES,
    "step": NUMBERS,
    "value": NUMBERS,
    "threshold": NUMBERS,
    "combination": NUMBERS,
    "repeat": NUMBERS,
    "n_known": NUMBERS,
    "will_retry": JUNK,
    "delay_s": NUMBERS,
}


@st.composite
def journals(draw: st.DrawFn) -> bytes:
    """Events as the orchestrator writes them, of which some fields are anything."""
    lines = []
    for _ in range(draw(st.integers(1, 8))):
        event = {"event": draw(EVENTS), "time": 1.5}
        wild = draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=2))
        for field, usual in FIELDS.items():
            event[field] = draw(JUNK if field in wild else usual)
        lines.append(json.dumps(event).encode() + b"\n")
    return b"".join(lines)


CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "main_script_name": JUNK,
        "hyperparameters": st.one_of(JUNK, st.dictionaries(NAMES, JUNK, max_size=3)),
        "max_runs": st.one_of(NUMBERS, JUNK),
        "optimization_metric": st.one_of(NAMES, JUNK),
        "optimization_goal": st.one_of(st.sampled_from(["min", "max"]), JUNK),
        "early_stopping": JUNK,
        "stopping_rules": JUNK,
        "repeats": st.one_of(NUMBERS, JUNK),
        "sampler": JUNK,
    },
)
DESCRIPTIONS = st.one_of(
    JUNK,
    CONFIGS,
    st.fixed_dictionaries(
        {"config": st.one_of(JUNK, CONFIGS)},
        optional={
            "created_at": st.one_of(NUMBERS, JUNK),
            "seed": JUNK,
            "command": JUNK,
            "n_workers": JUNK,
            "git": JUNK,
            "host": JUNK,
            "python": JUNK,
            "version": JUNK,
        },
    ),
)


@given(DESCRIPTIONS, journals())
@settings(max_examples=40)
def test_every_page_of_a_folder_that_somebody_else_wrote_answers(
    description: Any, journal: bytes
) -> None:
    with tempfile.TemporaryDirectory() as name:
        sweep = Path(name) / "s"
        sweep.mkdir()
        (sweep / DESCRIPTION_NAME).write_text(json.dumps(description))
        (sweep / JOURNAL_NAME).write_bytes(journal)
        anyio.run(visit_everything, Path(name))


async def visit_everything(logdir: Path) -> None:
    transport = httpx.ASGITransport(create_app(logdir))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for address in addresses(Catalog(logdir)):
            answer = await client.get(address)
            assert answer.status_code in (200, 307, 400, 404), (address, answer.text)
            assert "<script>alert" not in answer.text


def addresses(catalog: Catalog) -> list[str]:
    runs = [
        f"s/{quote(run.name or '-')}"
        for sweep in catalog.sweeps.values()
        for run in sweep.record.runs.values()
    ]
    return [
        "/experiments",
        "/sweeps",
        "/sweeps/s",
        "/sweeps/s?page=2&sort=best",
        *(f"/runs/{run}" for run in runs),
        *(f"/output/{run}" for run in runs),
        *(f"/api/series?run={run}" for run in runs),
        *(f"/api/metrics?run={run}" for run in runs),
    ]


SECRET = "the-secret-of-another-folder"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """A sweep of one run, and a private log and text beside the log folder."""
    with ExperimentLogger.at(tmp_path / "outside.dat") as writer:
        writer.add_scalar(SECRET, 1.0, 1)
    (tmp_path / "outside.log").write_text(SECRET)
    sweep = tmp_path / "runs" / "s"
    sweep.mkdir(parents=True)
    (sweep / DESCRIPTION_NAME).write_text('{"config": {}}')
    write_journal(sweep, "run_0001")
    return tmp_path / "runs"


def write_journal(sweep: Path, name: str) -> None:
    events: list[dict[str, Any]] = [
        {"event": "sampled", "index": 1, "hyperparameters": {}},
        {"event": "started", "index": 1, "name": name},
        {"event": "ended", "index": 1, "state": "finished"},
    ]
    lines = [json.dumps({"time": 1.5, **event}) for event in events]
    (sweep / JOURNAL_NAME).write_text("".join(f"{line}\n" for line in lines))


async def everything_shown(logdir: Path, run: str) -> str:
    addresses = ["/experiments", "/sweeps", "/sweeps/s", f"/runs/{run}", f"/output/{run}"]
    addresses += [f"/api/series?run={run}", f"/api/metrics?run={run}"]
    transport = httpx.ASGITransport(create_app(logdir))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        shown = ""
        for address in addresses:
            answer = await client.get(address)
            assert answer.status_code in (200, 404), (address, answer.text)
            shown += answer.text
        return shown


def test_links_in_place_of_a_runs_files_are_not_followed(logdir: Path) -> None:
    for suffix in (".dat", ".log"):
        (logdir / "s" / f"run_0001{suffix}").symlink_to(logdir.parent / f"outside{suffix}")
    assert SECRET not in anyio.run(everything_shown, logdir, "s/run_0001")


def test_output_that_becomes_a_link_or_a_pipe_is_not_opened(logdir: Path) -> None:
    log = logdir / "s" / "run_0001.log"

    async def ask(client: httpx.AsyncClient) -> tuple[int, str]:
        answer = await client.get("/output/s/run_0001")
        return answer.status_code, answer.text

    async def ask_while_it_changes() -> None:
        transport = httpx.ASGITransport(create_app(logdir))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            log.write_text("its own\n")
            assert await ask(client) == (200, "its own\n")
            n_open = len(os.listdir("/proc/self/fd"))
            for change in (lambda: log.symlink_to(logdir.parent / "outside.log"), make_pipe):
                log.unlink()
                change()
                assert (await ask(client))[0] == 404
            assert len(os.listdir("/proc/self/fd")) == n_open

    def make_pipe() -> None:
        os.mkfifo(log)

    anyio.run(ask_while_it_changes)


@pytest.mark.parametrize("what", ["link", "pipe"])
def test_irregular_description_file_is_ignored(logdir: Path, what: str) -> None:
    description = logdir / "s" / DESCRIPTION_NAME
    description.rename(logdir.parent / DESCRIPTION_NAME)
    assert Catalog(logdir).sweeps.keys() == set()
    if what == "link":
        description.symlink_to(logdir.parent / DESCRIPTION_NAME)
    else:
        os.mkfifo(description)
    assert Catalog(logdir).sweeps.keys() == set()


def test_link_in_place_of_the_journal_is_not_followed(logdir: Path) -> None:
    journal = logdir / "s" / JOURNAL_NAME
    write_journal(logdir.parent, SECRET)
    journal.unlink()
    journal.symlink_to(logdir.parent / JOURNAL_NAME)
    assert SECRET not in anyio.run(everything_shown, logdir, "s/run_0001")


@pytest.mark.parametrize("name", ["../outside", "../../{parent}/outside", "{parent}/outside"])
@pytest.mark.parametrize("is_encoded", [False, True])
def test_name_in_the_journal_does_not_lead_out_of_the_folder(
    logdir: Path, name: str, is_encoded: bool
) -> None:
    name = name.format(parent=logdir.parent)
    write_journal(logdir / "s", name)
    run = f"s/{quote(name, safe='') if is_encoded else name}"
    assert SECRET not in anyio.run(everything_shown, logdir, run)


def test_folder_whose_name_is_no_utf8_is_shown_like_any_other(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/runs/caf\xe9")
    os.makedirs(folder)
    with ExperimentLogger.at(Path(folder, "a.dat")) as writer:
        writer.add_scalar("Loss", 1.0, 1)
    shown = anyio.run(everything_shown, tmp_path / "runs", quote("caf\\udce9"))
    assert "caf\\udce9" in shown
    assert '"value":[1.0]' in shown
