"""The pages of a study, whose runs a program of the user's trains."""

from pathlib import Path

from pages import Client, text_of

from ml_tracking_ops.orchestrator import Study
from ml_tracking_ops.orchestrator.steering.requests import new_request, submit


def open_study(logdir: Path) -> Study:
    return Study(
        logdir=logdir,
        hyperparameters={"x": {"type": "uniform", "min": 0, "max": 1}},
        max_runs=3,
        optimization_metric="loss",
        optimization_goal="min",
    )


def test_study_is_seen_while_its_program_works(client: Client, logdir: Path) -> None:
    with open_study(logdir) as study:
        run = study.ask()
        assert run is not None
        run.report(0.25, 1)
        html = client.get(f"/sweeps/{study.folder.name}").text
        assert "1 running" in text_of(html)
        study.tell(run)
    page = text_of(client.get(f"/runs/{study.folder.name}/{run.name}").text)
    assert "A program asked for this run and trained it itself" in page
    assert "1 finished" in text_of(client.get(f"/sweeps/{study.folder.name}").text)


def test_study_is_not_resumed_by_a_button(client: Client, logdir: Path) -> None:
    with open_study(logdir) as study:
        study.tell(study.ask() or 0, 0.5)
    submit(study.folder, new_request("requeue", "me", index=1))
    html = client.get(f"/sweeps/{study.folder.name}").text
    assert "/api/resume" not in html
    assert f"Study.resume(&#39;{study.folder}&#39;)" in html
