"""Folders of TensorBoard's event files in a log folder: experiments that are only read."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from event_writing import event, simple, write_events
from tensorboardX import SummaryWriter

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.reports.entries import show_run
from ml_tracking_ops.orchestrator.store.annotations import annotate
from ml_tracking_ops.orchestrator.store.catalog import Catalog, find_item
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.removal.housekeeping import archive, delete, place_of
from ml_tracking_ops.orchestrator.store.tensorboard.tags import describe_tags, other_tags

ELSEWHERE = "events.out.tfevents.1700000000.another-host.1.0"
EVENTS = [event(10.0 + step, step, simple("loss", step)) for step in range(5)]


def make_old(path: Path, seconds: float = 3_600.0) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def experiment_of(logdir: Path, name: str) -> Experiment:
    return Catalog(logdir).experiments[name]


def test_folders_are_named_as_tensorboard_names_runs(tmp_path: Path) -> None:
    write_events(tmp_path / "ppo" / ELSEWHERE, EVENTS)
    write_events(tmp_path / "ppo" / "loss_train" / ELSEWHERE, EVENTS)
    with ExperimentLogger(tmp_path) as writer:
        writer.add_scalar("loss", 1.0, 1)

    assert set(Catalog(tmp_path).experiments) == {
        "ppo",
        "ppo/loss_train",
        Path(writer.folder).name,
    }


def test_event_files_beside_our_log_and_in_the_log_folder_itself_have_names(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as writer:
        writer.add_scalar("loss", 1.0, 1)
    own = Path(writer.folder)
    write_events(own / ELSEWHERE, EVENTS)
    write_events(tmp_path / ELSEWHERE, EVENTS)

    assert set(Catalog(tmp_path).experiments) == {
        own.name,
        f"{own.name}/tensorboard",
        tmp_path.name,
    }


def test_several_files_are_one_experiment_and_a_new_one_keeps_its_annotations(
    tmp_path: Path,
) -> None:
    write_events(tmp_path / "run" / ELSEWHERE, EVENTS)
    catalog = Catalog(tmp_path)
    folder, key = place_of(catalog.experiments["run"])
    annotate(folder, key, note="keep me")
    write_events(tmp_path / "run" / ELSEWHERE.replace("17", "18", 1), EVENTS)
    catalog.refresh()

    assert list(catalog.experiments) == ["run"]
    assert catalog.experiments["run"].annotation.note == "keep me"
    assert show_run(catalog.experiments["run"])["metrics"]["loss"]["count"] == 10


def test_run_on_another_host_is_running_until_it_has_been_silent(tmp_path: Path) -> None:
    path = tmp_path / "run" / ELSEWHERE
    write_events(path, EVENTS)
    make_old(path, 60.0)
    assert experiment_of(tmp_path, "run").state() == "running"
    make_old(path)

    evidence = experiment_of(tmp_path, "run").evidence()

    assert evidence.state == "finished"
    assert "They do not record" in str(evidence.reason)


def test_run_is_running_while_its_process_has_the_file_open(tmp_path: Path) -> None:
    name = f"events.out.tfevents.1700000000.{socket.gethostname()}"
    folder = tmp_path / "run"
    write_events(folder / f"{name}.0.0", EVENTS)
    make_old(folder / f"{name}.0.0")
    holding = f"import os; f = open(f'{folder}/{name}.{{os.getpid()}}.0', 'ab'); print(); input()"
    command = [sys.executable, "-uc", holding]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        path = folder / f"{name}.{process.pid}.0"
        make_old(path)
        while_open = experiment_of(tmp_path, "run").state()
        process.communicate(b"\n", timeout=60)
    make_old(path)

    assert while_open == "running"
    assert experiment_of(tmp_path, "run").state() == "finished"


def test_hparams_are_the_configuration(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_hparams({"lr": 0.5, "optimizer": "adam"}, {"best": 1.0}, name="trial")
        writer.add_text("note", "text")
        writer.add_scalar("loss", 1.0, 1)

    assert show_run(experiment_of(tmp_path, "run/trial"))["config"] == {
        "lr": 0.5,
        "optimizer": "adam",
    }
    assert show_run(experiment_of(tmp_path, "run"))["other_tags"] == {"text": ["note/text_summary"]}


def test_tags_of_long_files_are_listed_within_a_time_limit(tmp_path: Path) -> None:
    path = tmp_path / "run" / ELSEWHERE
    values = [simple(f"{'x' * 1_000} {n}", n) for n in range(1_000)]
    write_events(path, [event(10.0 + step, step, *values) for step in range(4)])
    with SummaryWriter(str(path.parent)) as writer:
        writer.add_text("note", "text")

    found = other_tags(path, 0.0)
    assert not found.are_all
    assert found.may_be_shown
    assert dict(found.by_kind) == {}
    assert other_tags(path, 60.0).by_kind == {"text": ["note/text_summary"]}
    assert other_tags(path, 0.0).are_all
    assert describe_tags("text", ["a"], are_all=False) == "1 tag so far: a"


def test_folder_and_file_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "run" / ELSEWHERE
    write_events(path, EVENTS)

    for name in ("run", str(path.parent), str(path)):
        found = find_item(name, tmp_path)
        assert isinstance(found, Experiment)
        assert found.dat_path == path


def test_nothing_of_another_tool_is_deleted_but_it_can_be_archived(tmp_path: Path) -> None:
    path = tmp_path / "run" / ELSEWHERE
    write_events(path, EVENTS)
    make_old(path)
    experiment = experiment_of(tmp_path, "run")

    with pytest.raises(UsageError, match="written by another tool"):
        delete(experiment, tmp_path, with_others=True)
    archive(experiment)

    assert path.exists()
    assert experiment_of(tmp_path, "run").annotation.is_archived


def test_damaged_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "run" / ELSEWHERE
    write_events(path, EVENTS)
    path.write_bytes(path.read_bytes()[:-10] + bytes(10))
    catalog = Catalog(tmp_path)
    show_run(catalog.experiments["run"])
    catalog.refresh()

    assert "is damaged at byte" in str(catalog.unreadable[0])
