"""The private part of watchfiles that `kernel.py` uses: these fail when it changes."""

import inspect
import threading
from pathlib import Path

import anyio
import pytest
from places import ROOT

from ml_tracking_ops.orchestrator.store.watching.kernel import KernelWatch


def test_watch_has_the_arguments_that_are_passed() -> None:
    from watchfiles._rust_notify import RustNotify

    names = list(inspect.signature(RustNotify.watch).parameters)
    assert names == ["self", "debounce_ms", "step_ms", "timeout_ms", "stop_event"]


def test_changes_are_pairs_of_kind_and_path_and_silence_is_no_set(tmp_path: Path) -> None:
    from watchfiles._rust_notify import RustNotify

    with RustNotify([str(tmp_path)], False, False, 300, True, True) as notify:
        assert notify.watch(1, 1, 20, threading.Event()) == "timeout"
        (tmp_path / "a").write_text("1")
        found = notify.watch(1, 50, 10_000, threading.Event())
        assert isinstance(found, set)
        assert {path for _, path in found} == {str(tmp_path / "a")}
        stop = threading.Event()
        stop.set()
        assert notify.watch(1, 1, 10_000, stop) == "stop"


@pytest.mark.anyio
async def test_events_of_one_moment_come_together(tmp_path: Path) -> None:
    with anyio.fail_after(20), KernelWatch(tmp_path) as watch:
        assert await watch.wait(1, 20) is None
        for name in ("a", "b"):
            (tmp_path / name).write_text("1")
        assert await watch.wait(100, 10_000) == {tmp_path / "a", tmp_path / "b"}


def test_only_one_module_uses_it_and_the_version_is_bounded() -> None:
    users = [
        path.relative_to(ROOT).as_posix()
        for package in ("logger", "orchestrator", "web")
        for path in (ROOT / package).rglob("*.py")
        if "_rust_notify" in path.read_text(encoding="utf-8")
    ]
    assert users == ["orchestrator/store/watching/kernel.py"]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '"watchfiles>=1.0,<1.4"' in text
