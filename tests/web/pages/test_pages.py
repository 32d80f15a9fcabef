"""The pages as the server renders them, for every kind of folder."""

import base64
import json
import os
import pickle
import re
import shutil
from pathlib import Path

import pytest
from pages import HOSTILE, Client, finished_run, log, page_data, text_of, write_sweep

from ml_tracking_ops.logger import ExperimentLogger, records
from ml_tracking_ops.web.serving.assets.asset_source import CDN_SOURCE


@pytest.mark.parametrize(
    ("path", "list_path"),
    [("/", "/experiments"), ("/runs/", "/experiments"), ("/sweeps/", "/sweeps")],
)
def test_address_without_a_name_leads_to_the_list(
    client: Client, path: str, list_path: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, list_path)


def test_killed_experiment_shows_the_evidence_and_how_long_it_wrote(
    client: Client, logdir: Path
) -> None:
    (logdir / "killed").mkdir(parents=True)
    with ExperimentLogger(logdir=str(logdir)) as writer:
        writer.add_scalar("loss", 1.0, 0)
        copy = logdir / "killed" / "killed.dat"
        shutil.copy(writer.path, copy)  # no closing record, no lock
        os.utime(copy, (1.0, 1.0))
    text = text_of(client.get("/runs/killed").text)
    assert (
        "Killed its log was never closed, and nothing has been written to it for ten minutes"
        in text
    )
    assert re.search(r"Duration 0\.\d s", text)


@pytest.mark.parametrize("path", ["/experiments", "/sweeps"])
def test_missing_folder_is_reported_with_what_to_do(client: Client, path: str) -> None:
    html = client.get(path).text
    assert "does not exist yet" in html
    assert "--logdir" in html


def test_empty_folder_shows_how_to_log(client: Client, logdir: Path) -> None:
    logdir.mkdir()
    html = client.get("/experiments").text
    assert "No experiments in" in html
    assert "writer.add_scalar" in html


def test_empty_folder_shows_how_to_sweep(client: Client, logdir: Path) -> None:
    logdir.mkdir()
    html = client.get("/sweeps").text
    assert "No sweeps in" in html
    assert "experiment_cfg.json" in html
    assert "ml-tracking-ops sweep" in html


def test_newest_ten_experiments_are_drawn_at_once(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        log(logdir / f"e{number:02d}" / "e.dat", monkeypatch, Loss=[1.0])
    html = client.get("/experiments").text
    assert [run["id"] for run in page_data(html)["runs"]] == [f"e{n:02d}" for n in range(11, 1, -1)]
    assert "Showing 10 of 12" in text_of(html)
    assert html.count('type="checkbox" name="run"') == 12


def test_address_holds_the_selection(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        log(logdir / name / "e.dat", monkeypatch, Loss=[1.0])
    data = page_data(client.get("/experiments?run=a&run=c&run=gone").text)
    assert {run["id"] for run in data["runs"]} == {"a", "c"}
    assert page_data(client.get("/experiments?run=").text)["runs"] == []


def test_color_stays_with_an_experiment(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def colors() -> dict[str, int]:
        runs = page_data(client.get("/experiments").text)["runs"]
        return {run["id"]: run["color"] for run in runs}

    log(logdir / "a" / "e.dat", monkeypatch, Loss=[1.0])
    log(logdir / "b" / "e.dat", monkeypatch, Loss=[1.0])
    before = colors()
    log(logdir / "c" / "e.dat", monkeypatch, Loss=[1.0])
    after = client.get("/experiments?run=b").text
    assert colors() | before == colors()
    assert len(set(colors().values())) == 3
    assert page_data(after)["runs"][0]["color"] == before["b"]


def test_search_lists_matching_names_only(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("resnet-a", "resnet-b", "other"):
        log(logdir / name / "e.dat", monkeypatch, Loss=[1.0])
    html = client.get("/experiments?q=RESNET&run=other").text
    assert html.count('type="checkbox" name="run"') == 2
    assert '<input type="hidden" name="run" value="other">' in html
    assert ">2 of 3</span>" in html
    assert "the search finds 2: draw them" in text_of(html)
    assert 'href="?q=RESNET&amp;run=resnet-b&amp;run=resnet-a"' in html
    html = client.get("/experiments?q=RESNET&run=resnet-b&run=resnet-a").text
    assert "the search finds" not in text_of(html)
    html = client.get("/experiments?q=RESNET&newest=1").text
    assert "the newest · the search finds 2: draw them · show all" in text_of(html)


def test_search_without_a_result_says_so_below_the_charts(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", finished_run(1, 0.5))
    assert "Showing 1 of 1 run. Drag to zoom" in text_of(client.get("/sweeps/s").text)
    html = client.get("/sweeps/s?q=nothing").text
    assert "No run that has started passes the filters of the table." in text_of(html)
    assert "Showing 0" not in html


def test_run_of_a_sweep_shows_hyperparameters_state_and_output(
    client: Client, logdir: Path
) -> None:
    reason = "at step 40: no better than 0.912 for 5 values"
    stopped = {"state": "early_stopped", "reason": f"stopped early {reason}"}
    write_sweep(logdir / "s", finished_run(1, 0.912, **stopped))
    (logdir / "s" / "run_0001.log").write_text("epoch 1\repoch 2\n")
    html = client.get("/runs/s/run_0001").text
    assert "Stopped early" in html
    assert f">{reason}<" in html
    row = client.get("/sweeps/s").text
    assert f'data-why="stopped early {reason}"' in row
    assert ">Stopped early</button>" in row
    assert "learning_rate 0.001" in text_of(html)
    assert page_data(html)["output"] == {
        "key": "log=s/run_0001",
        "run": "s/run_0001",
        "text": "epoch 1\repoch 2\n",
        "start": 0,
        "offset": 16,
    }
    assert client.get("/output/s/run_0001").text == "epoch 1\repoch 2\n"


def test_page_of_an_experiment_has_no_output(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(logdir / "a" / "e.dat", monkeypatch, Loss=[1.0])
    html = client.get("/runs/a").text
    assert "Finished" in html
    assert 'id="output"' not in html
    assert client.get("/output/a").status_code == 404


def test_only_the_end_of_a_long_output_is_rendered(client: Client, logdir: Path) -> None:
    write_sweep(logdir / "s", finished_run(1, 0.5))
    (logdir / "s" / "run_0001.log").write_bytes(b"line of text\n" * 100_000)
    output = page_data(client.get("/runs/s/run_0001").text)["output"]
    assert output["offset"] == 1_300_000
    assert len(output["text"]) < 70_000
    assert output["text"].startswith("line of text\n")
    assert output["start"] + len(output["text"]) == output["offset"]


def test_folders_of_the_original_tool_are_shown(client: Client, logdir: Path) -> None:
    write_legacy_log(logdir / "Nov-23_10-32-43" / "Nov-23_10-32-43.dat", Loss=[1.0, 0.5])
    sweep = logdir / "Experiment_Nov-23_10-33-06"
    write_legacy_log(sweep / "Nov-23_10-33-06.dat", Accuracy=[0.25, 0.75])
    description = {
        "main_script_name": "train_script.py",
        "hyperparameters": {"size": {"hyp_type": "choice", "hyp_desc": "Choice[32, 64]"}},
        "max_runs": 1,
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
        "sampled_hyperparameters": [{"size": 64}],
    }
    (sweep / "experiment_description.json").write_text(json.dumps(description))
    assert "Nov-23_10-32-43" in client.get("/experiments").text
    text = text_of(client.get("/sweeps?panel=summary").text)
    for expected in ("Choice[32, 64]", "0.75 at step 1 of run 1", "1 of 1 runs ended"):
        assert expected in text


def write_legacy_log(path: Path, **metrics: list[float]) -> None:
    """A `.dat` as the original tool wrote it: JSON of base64 of a pickle of JSON."""
    path.parent.mkdir(parents=True)
    columns = {
        name: [
            json.dumps({"value": value, "step": step, "time": step / 10}).encode()
            for step, value in enumerate(values)
        ]
        for name, values in metrics.items()
    }
    encoded = {
        name: base64.b64encode(pickle.dumps(column, protocol=4)).decode()
        for name, column in columns.items()
    }
    path.write_text(json.dumps(encoded))


def test_hostile_names_are_only_text(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = HOSTILE.replace("/", "_")
    log(logdir / name / "e.dat", monkeypatch, Loss=[1.0])
    events = finished_run(1, 0.5, reason=HOSTILE)
    events[0]["hyperparameters"] = {HOSTILE: HOSTILE}
    write_sweep(logdir / f"s{name}", events, main_script_name=HOSTILE, unknown_key=HOSTILE)
    addresses = ["/experiments", "/sweeps", f"/runs/{name}", "/nothing/<script>alert(1)</script>"]
    for address in addresses:
        answer = client.get(address)
        assert "<script>alert" not in answer.text, address
        page_data(answer.text)


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/nothing", None),
        ("/sweeps/nothing", "sweeps"),
        ("/runs/nothing", "experiments"),
        ("/runs/a/b", "sweeps"),
        ("/output/nothing", None),
    ],
)
def test_unknown_address_is_a_page_that_says_what_to_do(
    client: Client, path: str, section: str | None
) -> None:
    answer = client.get(path)
    marked = re.findall(r'href="/(\w+)" aria-current="page"', answer.text)
    assert marked == ([] if section is None else [section])
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert 'href="/experiments"' in answer.text


def test_damaged_description_and_query_never_break_a_page(client: Client, logdir: Path) -> None:
    for number, text in enumerate(
        ["{}", "[]", "nonsense", '{"config": 3}', '{"hyperparameters": 1}']
    ):
        folder = logdir / f"s{number}"
        folder.mkdir(parents=True)
        (folder / "experiment_description.json").write_text(text)
    for address in ("/sweeps", "/sweeps/s0", "/sweeps/s3", "/sweeps/s4"):
        query = "?page=abc&sort=p.none&order=up&metric=%3Cb%3E"
        answer = client.get(address + query)
        assert answer.status_code == 200
        assert "s2/experiment_description.json cannot be read: it is not valid JSON" in answer.text
    assert client.get("/experiments?newest=-3&limit=x&run=%00").status_code == 200


def test_pages_allow_only_our_own_and_the_pinned_scripts(client: Client) -> None:
    answer = client.get("/experiments")
    assert (
        answer.headers["content-security-policy"] == f"{CDN_SOURCE.policy}; frame-ancestors 'none'"
    )
    for script in re.findall(r"<script[^>]*>", answer.text):
        assert "src=" in script
    assert not re.findall(r"\son\w+=|\sstyle=", answer.text)


def test_static_files_are_checked_for_changes(client: Client) -> None:
    answer = client.get("/static/page/main.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_experiments_that_ended_without_metrics_say_so(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(logdir / "a/a.dat", monkeypatch)
    html = client.get("/experiments").text
    assert re.search(r'id="no-metrics-of" class="has-ended"', html)
    assert "This experiment logged no metric." in html


def test_experiments_page_says_which_log_cannot_be_read(
    client: Client, logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(logdir / "a/a.dat", monkeypatch, loss=[1.0])
    path = logdir / "a/a.dat"
    path.write_bytes(
        records.encode_header(1.0, version=99) + path.read_bytes()[records.RECORD_SIZE :]
    )
    text = text_of(client.get("/experiments").text)
    assert "a: " in text
    assert "version 99" in text
    assert "logged no metric" not in text
