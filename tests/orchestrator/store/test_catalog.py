import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from places import LEGACY
from sweeps import choice, start_command, state_of, sweep_folder, wait_until, write_config

from ml_tracking_ops.experiment.logger import ExperimentLogger
from ml_tracking_ops.logger import reader
from ml_tracking_ops.orchestrator import UsageError, run_sweep
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.errors import NotInLogdirError
from ml_tracking_ops.orchestrator.store.catalog import Catalog, FoundRun, find
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def log(folder: Path) -> ExperimentLogger:
    logger = ExperimentLogger(logdir=folder)
    logger.add_scalar("Loss", 0.5, 1)
    return logger


def only_experiment(logdir: Path) -> Experiment:
    (experiment,) = Catalog(logdir).experiments.values()
    return experiment


def test_folder_that_is_not_there_is_empty(logdir: Path) -> None:
    catalog = Catalog(logdir)
    assert (catalog.experiments, catalog.sweeps) == ({}, {})
    log(logdir).close()
    catalog.refresh()
    assert len(catalog.experiments) == 1


def test_experiment_runs_until_it_is_closed(logdir: Path) -> None:
    logger = log(logdir)
    assert only_experiment(logdir).state() == "running"
    logger.close()
    assert only_experiment(logdir).state() == "finished"


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        ("raise SystemExit(0)", "finished"),
        ("raise ValueError('no')", "failed"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed"),
        ("os._exit(0)", "killed"),
    ],
)
def test_state_of_an_experiment_is_told_from_evidence(
    logdir: Path, ending: str, state: str
) -> None:
    code = (
        "import os, signal, sys\n"
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "logger = ExperimentLogger(logdir=sys.argv[1])\n"
        "logger.add_scalar('Loss', 1, 1)\n" + ending
    )
    subprocess.run([sys.executable, "-c", code, str(logdir)], stderr=subprocess.DEVNULL, timeout=60)
    assert only_experiment(logdir).state() == state


def test_nested_folders_and_several_logs_in_one(logdir: Path) -> None:
    first, second = log(logdir / "mnist" / "cnn"), log(logdir)
    first.close()
    second.close()
    folder = Path(second.path).parent
    shutil.copy(second.path, folder / "again.dat")
    (folder / ".hidden.dat").touch()
    ids = set(Catalog(logdir).experiments)
    assert ids == {
        f"mnist/cnn/{Path(first.path).stem}",
        f"{folder.name}/{folder.name}",
        f"{folder.name}/again",
    }
    with pytest.raises(UsageError, match="holds 2 logs; name one of them"):
        find(str(folder), logdir)


def test_links_are_not_followed(logdir: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    log(outside).close()
    logdir.mkdir()
    (logdir / "link").symlink_to(outside)
    (logdir / "folder").mkdir()
    (logdir / "folder" / "a.dat").symlink_to(next(outside.glob("*/*.dat")))
    assert Catalog(logdir).experiments == {}


def test_garbage_is_passed_over(logdir: Path) -> None:
    for name, text in {"a": "{", "b": "[1]", "c": '{"config": 3}', "d": "null"}.items():
        (logdir / name).mkdir(parents=True)
        (logdir / name / "experiment_description.json").write_text(text)
    (logdir / "e").mkdir()
    (logdir / "e" / "e.dat").write_bytes(os.urandom(1000))
    os.mkfifo(logdir / "e" / "fifo.dat")
    catalog = Catalog(logdir)
    assert [e.state() for e in catalog.experiments.values()] == ["lost"]
    assert list(catalog.sweeps) == ["c"]
    assert catalog.sweeps["c"].config == {}


def test_legacy_sweep_and_experiment_open(tmp_path: Path) -> None:
    folder = tmp_path / "Experiment_Nov-23_10-33-06"
    folder.mkdir()
    sample = next(LEGACY.rglob("*.dat"))
    for stem in ("Nov-23_10-33-06", "Nov-23_10-33-08"):
        shutil.copy(sample, folder / f"{stem}.dat")
    description = {
        "main_script_name": "train_script.py",
        "hyperparameters": {"x": {"hyp_type": "uniform", "hyp_desc": "Uniform(0, 1)"}},
        "max_runs": 2,
        "optimization_metric": "Accuracy",
        "optimization_goal": "max",
        "sampled_hyperparameters": [{"x": 0.25}, {"x": 0.75}],
    }
    (folder / "experiment_description.json").write_text(json.dumps(description))
    (tmp_path / "Nov-23_10-32-43").mkdir()
    shutil.copy(sample, tmp_path / "Nov-23_10-32-43" / "Nov-23_10-32-43.dat")
    catalog = Catalog(tmp_path)
    (sweep,) = catalog.sweeps.values()
    assert sweep.is_legacy
    assert [run.hyperparameters for run in sweep.record.runs.values()] == [{"x": 0.25}, {"x": 0.75}]
    assert all(run.best_value is not None for run in sweep.record.runs.values())
    assert [e.state() for e in catalog.experiments.values()] == ["finished"]


def test_sweep_whose_orchestrator_died_is_lost_and_its_run_is_not(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(flag))}
    )
    process = start_command("sweep", folder=tmp_path)
    wait_until(lambda: list(tmp_path.glob("runs/*/*.dat")), "the run")
    folder = sweep_folder(tmp_path / "runs")
    wait_until(lambda: state_of(folder).counts == {"running": 1}, "the journal")
    catalog = Catalog(tmp_path / "runs")
    (sweep,) = catalog.sweeps.values()
    assert (sweep.record.state, sweep.record.counts) == ("running", {"running": 1})

    process.send_signal(signal.SIGKILL)
    process.wait(60)
    catalog.refresh()
    assert (sweep.record.state, sweep.record.counts) == ("lost", {"running": 1})
    flag.touch()
    wait_until(lambda: catalog.refresh() or sweep.record.counts == {"finished": 1}, "the end")
    assert sweep.record.best is not None  # no journal says it: it stands in the log
    assert (sweep.record.best.best_value, sweep.record.best.best_step) == (1.0, 0)


def test_find_knows_folders_files_and_names(tmp_path: Path, logdir: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=1)
    result = run_sweep(config, logdir=logdir)
    run = result.runs[0]
    for path in (str(result.folder), result.folder.name):
        found = find(path, logdir)
        assert isinstance(found, Sweep)
        assert found.record.runs[1].name == run.name
    for path in (f"{result.folder}/{run.name}.dat", f"{result.folder.name}/{run.name}"):
        found_run = find(path, logdir)
        assert isinstance(found_run, FoundRun)
        assert found_run.run.index == 1
    with pytest.raises(NotInLogdirError, match="no experiment, sweep or run of this name"):
        find("nothing", logdir)


def test_what_cannot_be_read_is_told_in_a_line(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = logdir / "loop"
    loop.mkdir(parents=True)
    (loop / "loop.dat").symlink_to("loop.dat")
    assert main(["list", "--logdir", "x" * 300]) == 2
    assert "x: File name too long" in capsys.readouterr().err
    for path, said in {
        "loop": f"{loop}/loop.dat: Too many levels of symbolic links",
        str(loop / "loop.dat"): "no experiment, sweep or run of this name",
        "x" * 300: "no experiment, sweep or run of this name",
        f"{'x' * 300}/a": "no experiment, sweep or run of this name",
    }.items():
        for command in ("show", "export", "annotate"):
            if (command, path) != ("annotate", "loop"):  # needs no log
                assert main([command, path, "--logdir", str(logdir)]) == 2
                assert said in capsys.readouterr().err


def test_description_that_cannot_be_read_is_told_by_every_command(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    description = logdir / "s" / "experiment_description.json"
    log(logdir / "s").close()
    (dat_path,) = (logdir / "s").rglob("*.dat")
    dat_path = dat_path.rename(logdir / "s" / "run.dat")
    where = ("--logdir", str(logdir))
    for text, why in {"{": "it is no valid JSON: ", "[]": "it holds no JSON object"}.items():
        description.write_text(text)
        said = f"{description} cannot be read: {why}"
        for command in (["show", "s"], ["export", "s"], ["sweep", "--resume", "s"]):
            assert main([*command, *where]) == 2
            assert said in capsys.readouterr().err
        assert main(["list", *where]) == 0
        told = capsys.readouterr()
        assert f"warning: {said}" in told.err
        assert "no sweep yet" not in told.err
        assert main(["show", str(dat_path)]) == 0  # nothing is lost
        assert "Loss" in capsys.readouterr().out


def test_ending_of_a_log_is_read_once_until_it_changes(
    logdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    real = reader.read_ending

    def read_ending(path: str, *, follow_link: bool) -> reader.Ending:
        reads.append(path)
        return real(path, follow_link=follow_link)

    monkeypatch.setattr(reader, "read_ending", read_ending)
    with log(logdir) as logger:
        experiment = only_experiment(logdir)
    for _ in range(3):
        assert experiment.state() == "finished"
    n_reads = len(reads)
    assert n_reads == 2  # when it was found, and when it had ended
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", os.fspath(logger.path))
    with ExperimentLogger() as again:
        assert experiment.state() == "running"  # before anything is written
        again.add_scalar("Loss", 0.25, 2)
    assert experiment.state() == "finished"
    assert len(reads) > n_reads
