"""What the pages give to download: the same as `export`, written piece by piece."""

import codecs
import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx
import numpy as np
import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.reading.reader import Series
from ml_tracking_ops.logger.records import encode_header
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.reports.exports.run_tables import runs_csv, runs_json, table_csv
from ml_tracking_ops.orchestrator.store.journal import Journal
from ml_tracking_ops.web.app import create_app

Get = Callable[[str], httpx.Response]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def get(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> Get:
    """Asks the app about an experiment and a sweep of two runs."""
    for path in ("by hand/e.dat", "s/r_1.dat", "s/r_2.dat"):
        (logdir / path).parent.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / path))
        with ExperimentLogger() as writer:
            for step, value in enumerate((0.5, math.nan, math.inf)):
                writer.add_scalar("=cmd()", value, step)
            writer.add_scalar("Größe", 1.0, 7)
    config = {"optimization_metric": "Größe", "optimization_goal": "max"}
    (logdir / "s" / "experiment_description.json").write_text(json.dumps({"config": config}))
    journal = Journal(logdir / "s" / "journal.jsonl", lambda trouble: None)
    for index, optimizer in enumerate(("-O2", "adam"), start=1):
        journal.append("sampled", index=index, hyperparameters={"optimizer": optimizer, "x": -1})
        journal.append("started", index=index, name=f"r_{index}", attempt=1, pid=1, slot=0)
        ended = {"exit_code": 0, "duration_s": 1.0, "n_values": 1, "reason": None}
        best = {"best_value": 1.0, "best_step": 7}
        journal.append("ended", index=index, state="finished", output_tail=[], **ended, **best)
    journal.close()

    def get(path: str) -> httpx.Response:
        return anyio.run(ask, path)

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(logdir))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    return get


def text_of(answer: httpx.Response) -> str:
    """A CSV file as spreadsheets read it."""
    assert answer.content.startswith(codecs.BOM_UTF8)
    return answer.content.decode("utf-8-sig")


def exported(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(["export", *arguments]) == 0
    return capsys.readouterr().out


def test_table_of_a_sweep_is_what_the_command_writes(
    get: Get, logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = get("/export/sweep/s")
    assert text_of(table) == exported(capsys, "s", "--logdir", str(logdir))
    assert table.headers["content-disposition"] == "attachment; filename*=utf-8''s-runs.csv"
    assert [row["optimizer"] for row in csv.DictReader(io.StringIO(text_of(table)))] == [
        "'-O2",
        "adam",
    ]
    assert [row["x"] for row in csv.DictReader(io.StringIO(text_of(table)))] == ["-1", "-1"]
    as_json = get("/export/sweep/s?format=json").json()
    assert as_json == json.loads(exported(capsys, "s", "--logdir", str(logdir), "--format=json"))
    assert as_json["runs"][0]["hyperparameters"]["optimizer"] == "-O2"


def test_table_is_filtered_and_ordered_as_on_the_page_with_its_columns(get: Get) -> None:
    address = "/export/sweep/s?p.optimizer=adam&q=&smoothing=0.5"
    assert [row["name"] for row in csv.DictReader(io.StringIO(text_of(get(address))))] == ["r_2"]
    chosen = get(
        "/export/sweep/s?sort=index&order=desc&columns=p.x&columns=last.Größe&columns=curve"
    )
    assert text_of(chosen) == ("index,name,x,last.Größe,log_error\n2,r_2,-1,1.0,\n1,r_1,-1,1.0,\n")
    assert get("/export/sweep/s?p.nothing=1").status_code == 400


def test_series_are_those_of_the_command_with_the_run_in_front(
    get: Get, logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    several = text_of(get("/export/series?run=s/r_2&run=by%20hand&run=gone")).splitlines()
    alone = exported(capsys, str(logdir / "s" / "r_2.dat")).splitlines()
    assert several[0] == f"run,{alone[0]},time_utc"
    assert [line.rpartition(",")[0] for line in several[1:5]] == [
        f"s/r_2,{line}" for line in alone[1:]
    ]
    assert {line.split(",")[0] for line in several[5:]} == {"by hand"}
    values = [row["value"] for row in csv.DictReader(io.StringIO("\n".join(several)))]
    assert values == ["0.5", "nan", "inf", "1.0"] * 2


def test_series_as_json_have_the_requested_metrics(get: Get, logdir: Path) -> None:
    found = get("/export/series?run=s/r_1&metric=%3Dcmd()&format=json").json()
    metrics = found["runs"]["s/r_1"]["metrics"]
    assert list(metrics) == ["=cmd()"]
    assert metrics["=cmd()"]["value"] == [0.5, "NaN", "Infinity"]
    everything = get("/export/series?run=s/r_1&format=json").json()
    out = logdir / "one.json"
    assert main(["export", str(logdir / "s/r_1.dat"), "--format", "json", "-o", str(out)]) == 0
    alone = json.loads(out.read_text(encoding="utf-8"))
    assert everything["runs"]["s/r_1"]["metrics"] == alone["metrics"]


def test_table_of_experiments_holds_those_searched_for(get: Get) -> None:
    rows = list(csv.DictReader(io.StringIO(text_of(get("/export/experiments?q=HAND")))))
    assert [(row["name"], row["state"]) for row in rows] == [("by hand", "finished")]
    assert get("/export/experiments?q=nothing&format=json").json() == []


def test_csv_of_the_page_opens_in_spreadsheets_with_times_that_people_read(get: Get) -> None:
    row = next(csv.DictReader(io.StringIO(text_of(get("/export/experiments")))))
    assert list(row)[:5] == ["name", "state", "started_at", "started_at_utc", "duration"]
    started = datetime.fromtimestamp(float(row["started_at"]), UTC)
    assert row["started_at_utc"] == f"{started:%Y-%m-%d %H:%M:%S}"
    assert row["tags"] == ""
    point = next(csv.DictReader(io.StringIO(text_of(get("/export/series?run=s/r_1")))))
    logged = datetime.fromtimestamp(float(point["wall_time"]), UTC)
    assert point["time_utc"] == f"{logged:%Y-%m-%d %H:%M:%S}"
    assert not get("/export/experiments?format=json").content.startswith(codecs.BOM_UTF8)


def test_invalid_time_has_no_text() -> None:
    lines = [[value, ["a", "b"]] for value in (None, math.nan, 1e300, 0.0)]
    found = list(csv.DictReader(io.StringIO("".join(table_csv(["started_at", "tags"], lines)))))
    times = [row["started_at_utc"] for row in found]
    assert times == ["", "", "", "1970-01-01 00:00:00"]
    assert found[0]["tags"] == "a, b"


@pytest.fixture
def four(logdir: Path, get: Get, monkeypatch: pytest.MonkeyPatch) -> Get:
    """With three more experiments: `c` is archived, a newer version wrote `b`."""
    for name, value in (("a", 3.0), ("b", 1.0), ("c", 2.0)):
        (logdir / name).mkdir()
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / name / f"{name}.dat"))
        with ExperimentLogger() as writer:
            writer.add_scalar("loss", value, 1)
    assert main(["archive", "c", "--logdir", str(logdir)]) == 0
    log = logdir / "b/b.dat"
    log.write_bytes(encode_header(0.0, version=9) + log.read_bytes()[32:])
    return get


def test_table_of_experiments_is_what_the_page_shows(four: Get) -> None:
    def exported(address: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = four(f"/export/experiments?format=json{address}").json()
        return rows

    assert [row["name"] for row in exported("&archived=1")] == ["c"]
    assert [row["name"] for row in exported("&sort=name&order=asc")] == ["a", "b", "by hand"]
    assert [row["name"] for row in exported("&m.loss=2..")] == ["a"]
    row = exported("&q=a&state=finished&columns=state&columns=last.loss&sort=last.loss")[0]
    assert (row["name"], row["last.loss"], row["log_error"]) == ("a", 3.0, None)
    assert "has format version 9" in str(
        exported("&q=b&columns=best.loss&sort=name")[-1]["log_error"]
    )
    usual = exported("&table=1")[0]
    assert usual.keys() >= {"path", "duration", "best.loss", "last.loss", "log_error"}
    refused = four("/export/experiments?sort=nothing")
    assert (refused.status_code, refused.text) == (400, "sort=nothing: there is no such column\n")


def test_unreadable_log_is_reported_in_an_export_of_series(four: Get) -> None:
    address = "/export/series?metric=loss&run=a&run=b"
    rows = list(csv.DictReader(io.StringIO(text_of(four(address)))))
    assert [(row["run"], row["value"]) for row in rows] == [("a", "3.0"), ("b", "")]
    assert rows[0]["error"] == ""
    assert "has format version 9" in rows[1]["error"]
    runs = four(address + "&format=json").json()["runs"]
    assert "error" not in runs["a"]
    assert "has format version 9" in runs["b"]["error"]
    assert runs["b"]["metrics"] == {}
    assert "error" not in four("/export/series?metric=loss&run=a").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/export/sweep/nothing", 404),
        ("/export/series?run=nothing", 404),
        ("/export/series", 400),
        ("/export/sweep/s?format=xlsx", 400),
    ],
)
def test_impossible_export_is_explained(get: Get, path: str, status: int) -> None:
    assert get(path).status_code == status


def test_logs_are_read_one_after_the_other_while_they_are_sent() -> None:
    n = 25_000
    column = np.arange(n)
    log = {"Loss": Series(column, column.astype(float), column.astype(float))}
    read: list[str] = []

    def logs() -> Iterator[tuple[str, dict[str, Series]]]:
        for name in ("a", "b"):
            read.append(name)
            yield name, log

    chunks = runs_csv(logs())
    next(chunks)
    first_points = next(chunks)
    assert read == ["a"]
    assert len(first_points.splitlines()) == 10_000
    rest = "".join(chunks)
    assert read == ["a", "b"]
    assert len((first_points + rest).splitlines()) == 2 * n
    whole = json.loads("".join(runs_json([("a", log)])))
    assert whole["runs"]["a"]["metrics"]["Loss"]["step"] == column.tolist()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("x;=1+1", "x;'=1+1"),
        ("x; @SUM(1)", "x; '@SUM(1)"),
        ("x\n=1+1", '"x\n\'=1+1"'),
        ("x\r\n=1+1", '"x\r\n\'=1+1"'),
        ("x\u2028=1", "x\u2028'=1"),
        ("  =1+1", "  '=1+1"),
        ("\u00a0=1", "\u00a0'=1"),
        ("\ufeff=1", "\ufeff'=1"),
        ("\0=1", "\0'=1"),
        ("\u200b=1", "\u200b'=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0dSUM(1)", "'\uff0dSUM(1)"),
        ("\uff20SUM(1)", "'\uff20SUM(1)"),
        ("\u2212SUM(1)", "'\u2212SUM(1)"),
        ("x;-1.5", "x;-1.5"),
        ("-1e-3", "-1e-3"),
        ("a=b", "a=b"),
        ("a - b", "a - b"),
        (["a;=1"], '"[""a;\'=1""]"'),
        ([1, -2], '"[1, -2]"'),
        ("@sum", "'@sum"),
        ("-x", "'-x"),
        ("+1-1", "'+1-1"),
        ("-1.5e-3", "-1.5e-3"),
        ("-inf", "-inf"),
        ("", ""),
        (-2, "-2"),
        (True, "true"),
        (None, ""),
        (math.nan, ""),
        ([1, 2], '"[1, 2]"'),
    ],
)
def test_cells_are_no_formulas(value: object, cell: str) -> None:
    assert list(table_csv(["a", "b"], [[value, "end"]]))[1] == f"{cell},end\n"


def test_rows_of_a_scrolled_table_of_experiments_keep_its_columns_and_order(four: Get) -> None:
    page = four("/experiments?table=1&sort=name").text
    rows = four("/rows/experiments?rows=2-3&sort=name").text
    assert re.findall('<tr id="run-(.*?)"', page) == ["by hand", "b", "a"]
    assert re.findall('<tr id="run-(.*?)"', rows) == ["b", "a"]
    assert re.findall(r'aria-rowindex="(\d+)"', rows) == ["3", "4"]
    head = page[page.rindex("<thead") : page.rindex("</thead")]
    assert rows.count("<td") == 2 * head.count("<th ")
    assert 'data-total="1"' in four("/rows/experiments?rows=1-25&q=hand").text
