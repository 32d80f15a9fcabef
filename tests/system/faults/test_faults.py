"""Faults of the machine, caused for real: no value is lost, no state wrong, nothing left."""

import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sweeps import (
    COMMAND,
    choice,
    processes_with,
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.store.journal import JournalTail

USER_NAMESPACE = ["unshare", "--user", "--map-root-user"]
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def start_waiting_sweep(
    tmp_path: Path, flag: Path, *prefix: str, max_runs: int = 3
) -> subprocess.Popen[str]:
    """A sweep of three runs that wait for the flag, of which the first has begun."""
    write_config(
        tmp_path,
        "waits_for_file.py",
        max_runs=max_runs,
        hyperparameters={"until": choice(str(flag))},
    )
    sweep = start(tmp_path, *prefix, *COMMAND, "sweep", "--workers", "1")
    wait_until(
        lambda: "ready" in "".join(p.read_text() for p in tmp_path.glob("runs/*/*_0001.log"))
    )
    return sweep


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    with (folder / "output").open("w") as output:
        return subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, text=True
        )


def mount_namespace() -> list[str]:
    """Return the beginning of a command with its own mounts, which root may have more often."""
    for prefix in ([*USER_NAMESPACE, "--mount"], ["unshare", "--mount"]):
        mount = [*prefix, "mount", "-t", "tmpfs", "none", "/dev/shm"]
        if subprocess.run(mount, capture_output=True, check=False, timeout=60).returncode == 0:
            return prefix
    pytest.fail("the fault cannot be caused: no user namespaces here, and we are not root")


def test_full_disk_while_logging_journalling_and_printing_is_waited_for(tmp_path: Path) -> None:
    """No file may grow beyond a limit. Once it is lifted, everything held back is written."""
    config = write_config(
        tmp_path, "misbehaves.py", max_runs=1, hyperparameters={"what": choice("fill_the_disk")}
    )
    sweep = start_command("sweep", config, folder=tmp_path)
    journal = next_path(tmp_path, "runs/*/journal.jsonl")
    wait_until(lambda: list(tmp_path.glob("runs/*/*.dat")), "the run")
    full = journal.stat().st_size
    resource.prlimit(sweep.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    pid = next(p for p in processes_with(str(tmp_path)) if is_trainer(p))
    dat_path = next(tmp_path.glob("runs/*/*.dat"))
    most = 32 * 20_000
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    wait_until(lambda: dat_path.stat().st_size == most, "the log to be full")
    (tmp_path / "misbehaves.go").touch()
    wait_until(lambda: not is_running(pid), "the run to end")
    wait_until(lambda: "kept in memory" in (tmp_path / "output").read_text(), "the warning")
    assert journal.stat().st_size == full
    resource.prlimit(sweep.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    sweep.wait(60)
    steps = read_log(dat_path)["Accuracy"].step.tolist()
    assert steps == [*range(len(steps))]
    assert len(steps) > 19_000
    record = state_of(journal.parent)
    assert (record.n_skipped, list(record.counts.values())) == (0, [1])
    assert processes_with(str(tmp_path)) == []


def is_trainer(pid: int) -> bool:
    try:
        return b"misbehaves.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def next_path(folder: Path, pattern: str) -> Path:
    wait_until(lambda: list(folder.glob(pattern)), pattern)
    return next(folder.glob(pattern))


def test_open_files_used_up_lets_runs_wait(tmp_path: Path, flag: Path) -> None:
    sweep = start_waiting_sweep(tmp_path, flag, max_runs=30)
    flag.touch()
    journal = sweep_folder(tmp_path / "runs") / "journal.jsonl"
    wait_until(lambda: '"event": "ended"' in journal.read_text(), "a first end")
    limits = resource.prlimit(sweep.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(sweep.pid, resource.RLIMIT_NOFILE, (0, limits[1]))
    wait_until(lambda: is_short_of_files(tmp_path / "output"), "the warning")
    resource.prlimit(sweep.pid, resource.RLIMIT_NOFILE, limits)
    assert sweep.wait(60) == 0
    assert values_of_finished_runs(journal.parent) == [1.0] * 30


def is_short_of_files(output: Path) -> bool:
    text = output.read_text()
    return "runs wait: [Errno 24]" in text or "has ended, but its log cannot be read now" in text


def values_of_finished_runs(folder: Path) -> list[float | None]:
    return [run.best_value for run in state_of(folder).runs.values() if run.state == "finished"]


def test_few_open_files_for_many_workers_lose_no_value(tmp_path: Path, flag: Path) -> None:
    flag.touch()
    write_config(
        tmp_path,
        "waits_for_file.py",
        max_runs=30,
        hyperparameters={"until": choice(str(flag))},
    )
    limit = ["prlimit", "--nofile=48:48"]
    sweep = start(tmp_path, *limit, *COMMAND, "sweep", "--workers", "30")
    assert sweep.wait(60) == 0, (tmp_path / "output").read_text()
    assert values_of_finished_runs(sweep_folder(tmp_path / "runs")) == [1.0] * 30


def test_too_few_open_files_for_a_sweep_are_named_before_it_begins(tmp_path: Path) -> None:
    write_config(tmp_path, "waits_for_file.py")
    sweep = start(tmp_path, "prlimit", "--nofile=24:24", *COMMAND, "sweep")
    assert sweep.wait(60) == 1
    assert "Allow more with ulimit -n" in (tmp_path / "output").read_text()
    assert not list(tmp_path.glob("runs/*"))


def test_folder_that_is_renamed_keeps_what_was_logged_and_continues_under_its_new_name(
    tmp_path: Path, flag: Path
) -> None:
    sweep = start_waiting_sweep(tmp_path, flag)
    folder = sweep_folder(tmp_path / "runs")
    moved = folder.rename(folder.with_name("moved"))
    wait_until(lambda: "moved or deleted" in (tmp_path / "output").read_text(), "the warning")
    flag.touch()
    assert sweep.wait(60) == 1
    run = state_of(moved).runs[1]
    assert (run.state, run.best_value) == ("finished", 1.0)
    assert read_log(moved / f"{run.name}.dat")["Accuracy"].value.tolist() == [1.0]
    result = resume(moved)
    assert result.record.counts == {"finished": 3}
    assert [run.attempt for run in result.runs] == [1, 1, 1]


def test_deleted_folder_ends_the_sweep_cleanly(tmp_path: Path, flag: Path) -> None:
    sweep = start_waiting_sweep(tmp_path, flag)
    shutil.rmtree(sweep_folder(tmp_path / "runs"))
    wait_until(lambda: "moved or deleted" in (tmp_path / "output").read_text(), "the warning")
    flag.touch()
    assert sweep.wait(60) == 1
    assert "Traceback" not in (tmp_path / "output").read_text()


def test_folder_that_becomes_read_only_loses_nothing(tmp_path: Path, flag: Path) -> None:
    sweep = start_waiting_sweep(tmp_path, flag, *(WITHOUT_RIGHTS if os.getuid() == 0 else []))
    folder = sweep_folder(tmp_path / "runs")
    folder.chmod(0o555)
    flag.touch()
    assert sweep.wait(60) == 1
    folder.chmod(0o755)
    assert "cannot be written any more" in (tmp_path / "output").read_text()
    assert state_of(folder).counts["finished"] == 1
    assert resume(folder).record.counts == {"finished": 3}


def test_watches_used_up_means_polling(tmp_path: Path, flag: Path) -> None:
    write_config(
        tmp_path, "hopeless.py", max_runs=1, early_stopping=True, early_stopping_patience=3
    )
    with no_watches_left() as prefix:
        sweep = start(tmp_path, *prefix, *COMMAND, "sweep")
        assert sweep.wait(60) == 0, (tmp_path / "output").read_text()
    assert state_of(sweep_folder(tmp_path / "runs")).counts == {"early_stopped": 1}
    assert "no more file watches" in (tmp_path / "output").read_text()


@contextmanager
def no_watches_left() -> Iterator[list[str]]:
    """In a separate namespace, so that only its own watches are used up, or else with all."""
    none = [*USER_NAMESPACE, "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_instances && "$@"']
    if (
        subprocess.run(
            [*none, "sh", "true"], capture_output=True, check=False, timeout=60
        ).returncode
        == 0
    ):
        yield [*none, "sh"]
        return
    inotify_init = ctypes.CDLL(None, use_errno=True).inotify_init
    taken = []
    try:
        while (fd := inotify_init()) >= 0:
            taken.append(fd)
        assert ctypes.get_errno() == errno.EMFILE, "the fault cannot be caused: watches remain"
        yield []
    finally:
        for fd in taken:
            os.close(fd)


def test_no_shared_memory_is_needed(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=2)
    script = 'mount -t tmpfs -o ro none /dev/shm && ! touch /dev/shm/x && exec "$@"'
    prefix = [*mount_namespace(), "sh", "-c", script, "sh"]
    assert start(tmp_path, *prefix, *COMMAND, "sweep").wait(60) == 0, (
        tmp_path / "output"
    ).read_text()
    assert state_of(sweep_folder(tmp_path / "runs")).counts == {"finished": 2}


def test_clock_that_jumps_back_an_hour_changes_nothing(tmp_path: Path, flag: Path) -> None:
    """What an earlier orchestrator wrote lies an hour ahead of the clock of this one."""
    sweep = start_waiting_sweep(tmp_path, flag)
    sweep.kill()
    sweep.wait(60)
    folder = sweep_folder(tmp_path / "runs")
    for path in (folder / "journal.jsonl", folder / "processes.jsonl"):
        events = [{**event, "time": event["time"] + 3600} for event in JournalTail(path).read()]
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        os.utime(path, (events[-1]["time"],) * 2)
    flag.touch()
    result = resume(folder)
    assert result.record.counts == {"finished": 3}
    assert [run.attempt for run in result.runs] == [1, 1, 1]


CLOCK = """
import os, time
_now = time.time
def _shifted():
    return _now() - 3600 * os.path.exists(os.environ["CLOCK_IS_BACK"])
time.time = _shifted
"""


def test_clock_jumping_back_an_hour_during_a_sweep_changes_nothing(
    tmp_path: Path, flag: Path
) -> None:
    """For the orchestrator and its runs, during a run. The supervisor keeps its clock."""
    (tmp_path / "sitecustomize.py").write_text(CLOCK)
    is_back = tmp_path / "is_back"
    python_path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    clock = ["env", f"PYTHONPATH={python_path}", f"CLOCK_IS_BACK={is_back}"]
    sweep = start_waiting_sweep(tmp_path, flag, *clock)
    folder = sweep_folder(tmp_path / "runs")
    wait_until(lambda: 1 in state_of(folder).runs and state_of(folder).runs[1].started_at)
    is_back.touch()
    flag.touch()
    assert sweep.wait(60) == 0
    record = state_of(folder)
    assert record.counts == {"finished": 3}
    first, second = record.runs[1], record.runs[2]
    assert None not in (first.started_at, first.ended_at, second.started_at)
    assert first.ended_at < first.started_at - 3000  # type: ignore[operator]
    for run in record.runs.values():
        assert read_log(folder / f"{run.name}.dat")["Accuracy"].value.tolist() == [1.0]
    assert len({run.name for run in record.runs.values()}) == 3
    shown = json.loads(run_command("show", folder, "--json", folder=tmp_path).stdout)
    assert [run["state"] for run in shown["runs"]] == ["finished"] * 3
    assert resume(folder).record.counts == {"finished": 3}


@pytest.mark.parametrize(
    "what", ["fifo", "folder", "link", "newer", "big-endian", "zeros", "noise", "cut"]
)
def test_log_damaged_during_a_run_affects_only_that_log(
    tmp_path: Path, flag: Path, what: str
) -> None:
    sweep = start_waiting_sweep(tmp_path, flag)
    folder = sweep_folder(tmp_path / "runs")
    path = next(folder.glob("*.dat"))
    damage(path, what, tmp_path)
    flag.touch()
    assert sweep.wait(60) == 0
    assert state_of(folder).counts == {"finished": 3}
    assert run_command("show", folder, "--json", folder=tmp_path).returncode == 0
    assert run_command("list", "--json", folder=tmp_path).returncode == 0


def damage(path: Path, what: str, outside: Path) -> None:
    content = path.read_bytes()
    if what in ("zeros", "noise", "cut", "newer", "big-endian"):
        changed = {
            "zeros": content + bytes(4096),
            "noise": content[:32] + bytes(range(256)) + content[32:],
            "cut": content[:50],
            "big-endian": b"".join(
                content[start : start + 8][::-1] for start in range(0, len(content), 8)
            ),
            "newer": content[:8] + b"\xff" * 8 + content[16:],
        }[what]
        path.write_bytes(changed)
        return
    path.unlink()
    if what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        (outside / "secret").write_text("secret")
        path.symlink_to(outside / "secret")


def test_damaged_lines_of_a_journal_are_skipped(tmp_path: Path) -> None:
    config = write_config(tmp_path, "short.py", max_runs=2)
    folder = run_sweep(config, logdir=tmp_path / "runs").folder
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    noise = [b"[1]\n", b"\xff\xfe\n", b'{"event": "ended"}\n', b"x" * (100 << 20) + b"\n"]
    journal.write_bytes(b"".join([*noise, *lines[:-1], *noise, lines[-1][:20]]))
    result = resume(folder)
    assert result.record.counts == {"finished": 2}
    assert [run.attempt for run in result.runs] == [1, 1]


def test_environment_is_not_written_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_TOKEN", "hunter2-hunter2")
    config = write_config(tmp_path, "short.py", max_runs=2)
    run_sweep(config, logdir=tmp_path / "runs")
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"hunter2-hunter2" not in path.read_bytes(), path


def test_web_app_that_is_killed_leaves_the_sweep_alone(tmp_path: Path, flag: Path) -> None:
    sweep = start_waiting_sweep(tmp_path, flag)
    web = start_command("web", "--port", "0", folder=tmp_path)
    wait_until(lambda: "http" in (tmp_path / "output").read_text(), "the address")
    web.send_signal(signal.SIGKILL)
    web.wait(60)
    flag.touch()
    assert sweep.wait(60) == 0
