"""Tables that are filtered by a condition or a regular expression, with all that follows them."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pages import HOSTILE, Client, finished_run, log, text_of, write_sweep

from ml_tracking_ops.logger import ExperimentLogger


@pytest.fixture
def sweep(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event for index in (1, 2, 3) for event in finished_run(index, index / 10)]
    write_sweep(logdir / "s", events)
    for index in (1, 2, 3):
        path = logdir / "s" / f"run_{index:04d}.dat"
        log(path, monkeypatch, **{"loss/val": [1.0, index / 10]})


@pytest.fixture
def experiments(logdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rate in (("a_1", 0.1), ("a_2", 0.2), ("b_1", 0.3)):
        (logdir / name).mkdir(parents=True)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / name / f"{name}.dat"))
        with ExperimentLogger(config={"optim": {"lr": rate}}) as writer:
            writer.add_scalar("loss/val", 1 - rate, 0)


def shown(client: Client, path: str, **query: str) -> list[str]:
    html = client.get(f"{path}?{urlencode({**query, 'table': '1'})}").text
    body = html.partition('id="table-rows"')[2].partition("</tbody>")[0]
    return [part.partition('"')[0] for part in body.split('data-run="')[1:]]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("learning_rate > 0.001 and Accuracy < 0.25", ["s/run_0002"]),
        ("loss/val < 0.15", ["s/run_0001"]),
        ("last.loss/val > 0.25", ["s/run_0003"]),
    ],
)
def test_runs_of_a_sweep_pass_a_condition(
    client: Client, sweep: None, where: str, found: list[str]
) -> None:
    assert shown(client, "/sweeps/s", where=where) == found


def test_experiments_pass_a_condition_over_configuration_and_metrics(
    client: Client, experiments: None
) -> None:
    where = "optim.lr >= 0.2 and loss/val > 0.75"
    assert shown(client, "/experiments", where=where) == ["a_2"]


def test_experiments_are_found_by_a_regular_expression(client: Client, experiments: None) -> None:
    assert set(shown(client, "/experiments", q="/^a_/")) == {"a_1", "a_2"}
    html = client.get("/experiments?q=/(a%2B)%2B/&table=1").text
    assert "repeats what repeats or branches" in text_of(html)


def test_condition_is_a_chip_that_can_be_taken_back_and_is_escaped(
    client: Client, sweep: None
) -> None:
    html = client.get(f"/sweeps/s?{urlencode({'where': f'learning_rate > {HOSTILE}'})}").text
    assert "<script>alert" not in html
    assert "is not an expression" in text_of(html)
    html = client.get("/sweeps/s?where=learning_rate+%3E+0.0015").text
    assert 'aria-label="Remove the filter where learning_rate &gt; 0.0015"' in html


def test_groups_insight_and_export_follow_a_condition(client: Client, sweep: None) -> None:
    where = urlencode({"where": "learning_rate > 0.0015"})
    groups = client.get(f"/api/groups?sweep=s&group=p.batch_size&metric=loss/val&{where}").json()
    assert groups["n_runs"] == 2
    assert client.get(f"/api/insight/s?{where}").json()["passing"] == [3, 2]
    lines = client.get(f"/export/sweep/s?format=csv&columns=p.learning_rate&{where}").text
    assert len(lines.strip().splitlines()) == 3


def test_columns_are_reduced_to_the_settings_that_differ(client: Client, sweep: None) -> None:
    html = client.get("/sweeps/s").text
    (address,) = re.findall(r'id="differing-columns" href="([^"]*)"', html)
    reduced = client.get("/sweeps/s" + unescape(address)).text
    assert 'data-column="p.learning_rate"' in reduced
    assert 'data-column="p.batch_size"' not in reduced
    assert 'id="differing-columns"' not in reduced


def test_condition_can_use_a_derived_metric_of_the_page(client: Client, sweep: None) -> None:
    asked = {"derive": "twice := 2 * loss/val", "where": "min.twice < 0.5"}
    assert shown(client, "/sweeps/s", **asked) == ["s/run_0002", "s/run_0001"]
    query = urlencode(asked)
    groups = client.get(f"/api/groups?sweep=s&group=p.batch_size&metric=loss/val&{query}").json()
    assert groups["n_runs"] == 2
    assert sorted(client.get(f"/api/insight/s?{query}").json()["passing"]) == [1, 2]
    lines = client.get(f"/export/sweep/s?format=csv&{query}").text.splitlines()
    assert len(lines) == 3
    html = client.get(f"/sweeps/s?{urlencode({**asked, 'where': 'twise < 1'})}").text
    assert "no run has twise, did you mean twice?" in text_of(html)
    html = client.get(f"/sweeps/s?{urlencode({**asked, 'derive': 'twice := 2 * loss/vall'})}").text
    message = "no metric is called loss/vall, did you mean loss/val?"
    assert message in text_of(html)


def test_experiments_pass_a_condition_on_a_derived_metric(
    client: Client, experiments: None
) -> None:
    asked = {"derive": "twice := 2 * loss/val", "where": "last.twice > 1.5"}
    assert shown(client, "/experiments", **asked) == ["a_2", "a_1"]
