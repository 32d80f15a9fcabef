import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import LEGACY
from sweeps import choice, start_command, state_of, sweep_folder, wait_until, write_config

from ml_tracking_ops.experiment.logger import ExperimentLogger
from ml_tracking_ops.logger import locks, read_log, server_clock
from ml_tracking_ops.logger.reading import reader
from ml_tracking_ops.orchestrator import UsageError, run_sweep
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.errors import NotInLogdirError
from ml_tracking_ops.orchestrator.store.catalog import Catalog, FoundRun, find_item
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.files.folder_walk import describe_skipped
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


def test_missing_folder_is_empty(logdir: Path) -> None:
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
def test_state_of_an_experiment_is_derived_from_evidence(
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
    with pytest.raises(UsageError, match=r"holds 2 logs\. Name one of them"):
        find_item(str(folder), logdir)


def test_link_to_a_folder_is_followed_once_and_one_to_a_file_is_not(
    logdir: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    log(outside).close()
    (name,) = os.listdir(outside)
    logdir.mkdir()
    (logdir / "link").symlink_to(outside)
    (logdir / "same").symlink_to(outside)
    (outside / "loop").symlink_to(logdir)
    (logdir / "folder").mkdir()
    (logdir / "folder" / "a.dat").symlink_to(next(outside.glob("*/*.dat")))
    assert [identity.partition("/")[2] for identity in Catalog(logdir).experiments] == [name]


def test_skipped_folders_are_reported(logdir: Path) -> None:
    deep = logdir.joinpath(*"abcdefg")
    for folder in (deep, logdir / ".trial", logdir / ".deleted-1"):
        log(folder).close()
    catalog = Catalog(logdir)
    assert catalog.experiments == {}
    assert describe_skipped(catalog.skipped) == (
        "Not looked into: 1 folder (hidden: .trial), 1 folder (deeper than 6 levels: a/b/c/d/e/f/g)"
    )


def test_folder_without_permission_is_reported(logdir: Path) -> None:
    """Root may read everything, so the test runs as another user in a separate process."""
    log(logdir / "closed").close()
    (logdir / "closed").chmod(0)
    code = (
        "import sys; from pathlib import Path\n"
        "from ml_tracking_ops.orchestrator.store.catalog import Catalog\n"
        "print(Catalog(Path(sys.argv[1])).skipped)"
    )
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    command = [*(drop if os.geteuid() == 0 else []), sys.executable, "-c", code, logdir]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    (logdir / "closed").chmod(0o755)
    assert "path='closed', why='permission denied'" in done.stdout, done.stderr


def test_copy_of_a_log_that_grows_is_running_and_one_that_is_silent_is_not(logdir: Path) -> None:
    """A lock proves nothing of a log that was copied here: its writer is elsewhere."""
    copy = open_log_of_another_machine(logdir)
    experiment = Catalog(logdir).experiments["copy"]
    assert experiment.state() == "running"
    os.utime(copy, (1.0, 1.0))
    state, reason = experiment.evidence()
    assert state == "killed"
    assert reason is not None
    assert "nothing has been written to it for ten minutes" in reason


@pytest.mark.parametrize("skew_s", [-7200.0, 7200.0])
def test_viewer_clock_is_ignored_for_logs_on_a_file_server(
    logdir: Path, monkeypatch: pytest.MonkeyPatch, skew_s: float
) -> None:
    real = time.time
    copy = open_log_of_another_machine(logdir)
    monkeypatch.setattr(server_clock, "_ahead", {})
    monkeypatch.setattr(server_clock, "is_on_network", lambda folder: True)
    monkeypatch.setattr(time, "time", lambda: real() + skew_s)
    for silent_s, state in ((300.0, "running"), (900.0, "killed")):
        os.utime(copy, (real() - silent_s, real() - silent_s))
        assert Catalog(logdir).experiments["copy"].state() == state


def test_samples_of_the_system_show_that_a_silent_run_is_alive(logdir: Path) -> None:
    copy = open_log_of_another_machine(logdir)
    os.utime(copy, (1.0, 1.0))
    copy.with_suffix(".system.dat").write_bytes(b"")
    assert Catalog(logdir).experiments["copy"].state() == "running"


def open_log_of_another_machine(logdir: Path) -> Path:
    """A log that was not closed and has no writer here, nor was written here."""
    with log(logdir) as logger:
        copy = logdir / "copy" / "copy.dat"
        copy.parent.mkdir()
        for suffix in (".dat", ".run.json"):
            source = Path(logger.path).with_suffix(suffix)
            copy.with_suffix(suffix).write_bytes(source.read_bytes())
    return copy


def test_log_that_has_an_end_has_ended_while_a_worker_holds_it(logdir: Path) -> None:
    logger = log(logdir)
    fd = os.open(logger.path, os.O_RDONLY)
    locks.hold_shared(fd)
    logger.close()
    assert only_experiment(logdir).state() == "finished"
    os.close(fd)


@pytest.mark.parametrize("content", [b"", b"1 2 3\n" * 500, b'{"a": "hello"}', os.urandom(4096)])
def test_other_dat_file_is_no_experiment_and_changes_no_name(logdir: Path, content: bytes) -> None:
    log(logdir).close()
    (name,) = os.listdir(logdir)
    (logdir / name / "tokens.dat").write_bytes(content)
    (logdir / "tokens").mkdir()
    (logdir / "tokens" / "tokens.dat").write_bytes(content)
    catalog = Catalog(logdir)
    assert list(catalog.experiments) == [name]
    catalog.refresh()
    assert list(catalog.experiments) == [name]


def test_file_that_becomes_a_log_is_found(logdir: Path) -> None:
    log(logdir).close()
    (source,) = logdir.glob("*/*.dat")
    late = logdir / "late" / "late.dat"
    late.parent.mkdir()
    late.write_bytes(b"")
    catalog = Catalog(logdir)
    assert "late" not in catalog.experiments
    late.write_bytes(source.read_bytes())
    catalog.refresh()
    assert "late" in catalog.experiments


def test_folder_renamed_under_a_run_keeps_its_log_and_its_end(logdir: Path) -> None:
    logger = log(logdir)
    Path(logger.folder).rename(logdir / "renamed")
    logger.add_scalar("Loss", 0.5, 2)
    logger.add_scalar("another", 0.5, 2)
    assert only_experiment(logdir).state() == "running"
    logger.close()
    experiment = only_experiment(logdir)
    assert (experiment.id, experiment.state()) == ("renamed", "finished")
    assert len(read_log(experiment.dat_path)["Loss"].value) == 2
    assert not Path(logger.folder).exists()


def test_garbage_is_skipped(logdir: Path) -> None:
    for name, text in {"a": "{", "b": "[1]", "c": '{"config": 3}', "d": "null"}.items():
        (logdir / name).mkdir(parents=True)
        (logdir / name / "experiment_description.json").write_text(text)
    (logdir / "e").mkdir()
    (logdir / "e" / "e.dat").write_bytes(os.urandom(1000))
    os.mkfifo(logdir / "e" / "fifo.dat")
    catalog = Catalog(logdir)
    assert catalog.experiments == {}
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


def test_sweep_with_a_dead_orchestrator_is_lost_but_its_run_is_not(tmp_path: Path) -> None:
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
    assert sweep.record.best is not None  # it is not in the journal but in the log
    assert (sweep.record.best.best_value, sweep.record.best.best_step) == (1.0, 0)


def test_find_knows_folders_files_and_names(tmp_path: Path, logdir: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=1)
    result = run_sweep(config, logdir=logdir)
    run = result.runs[0]
    for path in (str(result.folder), result.folder.name):
        found = find_item(path, logdir)
        assert isinstance(found, Sweep)
        assert found.record.runs[1].name == run.name
    for path in (f"{result.folder}/{run.name}.dat", f"{result.folder.name}/{run.name}"):
        found_run = find_item(path, logdir)
        assert isinstance(found_run, FoundRun)
        assert found_run.run.index == 1
    with pytest.raises(NotInLogdirError, match="no experiment, sweep or run of this name"):
        find_item("nothing", logdir)


def test_unreadable_log_is_reported_in_one_line(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = logdir / "loop"
    loop.mkdir(parents=True)
    (loop / "loop.dat").symlink_to("loop.dat")
    assert main(["list", "--logdir", "x" * 300]) == 2
    assert "x cannot be read: File name too long" in capsys.readouterr().err
    for path, message in {
        "loop": f"{loop}/loop.dat: Too many levels of symbolic links",
        str(loop / "loop.dat"): "no experiment, sweep or run of this name",
        "x" * 300: "no experiment, sweep or run of this name",
        f"{'x' * 300}/a": "no experiment, sweep or run of this name",
    }.items():
        for command in ("show", "export", "annotate"):
            if (command, path) != ("annotate", "loop"):  # needs no log
                assert main([command, path, "--logdir", str(logdir)]) == 2
                assert message in capsys.readouterr().err


def test_unreadable_description_is_reported_by_every_command(
    logdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    description = logdir / "s" / "experiment_description.json"
    log(logdir / "s").close()
    (dat_path,) = (logdir / "s").rglob("*.dat")
    dat_path = dat_path.rename(logdir / "s" / "run.dat")
    where = ("--logdir", str(logdir))
    for text, why in {"{": "it is not valid JSON: ", "[]": "it is not a JSON object"}.items():
        description.write_text(text)
        message = f"{description} cannot be read: {why}"
        for command in (["show", "s"], ["export", "s"], ["sweep", "--resume", "s"]):
            assert main([*command, *where]) == 2
            assert message in capsys.readouterr().err
        assert main(["list", *where]) == 0
        output = capsys.readouterr()
        assert f"warning: {message}" in output.err
        assert "no sweep yet" not in output.err
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
        assert experiment.state() == "running"  # its opening is in the log
        again.add_scalar("Loss", 0.25, 2)
        assert experiment.state() == "running"
    assert experiment.state() == "finished"
    assert len(reads) > n_reads
