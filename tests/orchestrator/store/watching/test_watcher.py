from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from ml_tracking_ops.orchestrator.store.watching import watcher
from ml_tracking_ops.orchestrator.store.watching.kernel import KernelWatch
from ml_tracking_ops.orchestrator.store.watching.watcher import is_on_network, watch_files

pytestmark = pytest.mark.anyio


async def test_first_item_confirms_the_subscription(tmp_path: Path) -> None:
    with anyio.fail_after(20):
        async with aclosing(watch_files(tmp_path)) as changes:
            assert await anext(changes) == set()
            (tmp_path / "a").write_text("1")
            assert await anext(changes) == {tmp_path / "a"}


@pytest.mark.parametrize("poll", [False, True])
async def test_appended_bytes_and_new_folders_are_seen(tmp_path: Path, poll: bool) -> None:
    path = tmp_path / "run" / "a.dat"
    with anyio.fail_after(20):
        async with aclosing(watch_files(tmp_path, poll=poll)) as changes:
            assert await anext(changes) == set()
            path.parent.mkdir()
            await saw(changes, path.parent)
            path.write_bytes(b"1")
            await saw(changes, path)
            with path.open("ab") as file:
                file.write(b"2")
            await saw(changes, path)


async def test_folder_can_be_created_deleted_and_created_again(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    with anyio.fail_after(30):
        async with aclosing(watch_files(folder)) as changes:
            assert await anext(changes) == set()
            folder.mkdir()
            assert await anext(changes) == set()
            folder.rename(tmp_path / "elsewhere")
            folder.mkdir()
            await saw(changes, None)
            (folder / "a").touch()
            await saw(changes, folder / "a")


async def test_polls_with_one_warning_where_watches_have_run_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def scarce(*arguments: object) -> None:
        raise OSError('OS file watch limit reached. about ["/runs"]')

    monkeypatch.setattr("watchfiles._rust_notify.RustNotify", scarce)
    with anyio.fail_after(20):
        async with aclosing(watch_files(tmp_path)) as changes:
            await anext(changes)
            (tmp_path / "a").write_text("1")
            await saw(changes, tmp_path / "a")
    assert len(caplog.records) == 1
    assert "max_user_watches" in caplog.text


async def saw(changes: object, path: Path | None) -> None:
    """Wait until `path` (or, for None, a call to scan again) is among the changes."""
    async for changed in changes:  # type: ignore[attr-defined]
        if path in changed or (path is None and not changed):
            return


def test_local_folder_is_not_on_the_network(tmp_path: Path) -> None:
    assert not is_on_network(tmp_path)


async def test_kernel_watch_closes_while_a_file_grows_steadily_and_opens_again_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[KernelWatch] = []
    closed: list[KernelWatch] = []
    open_watch, close_watch = watcher._open_watch, KernelWatch.close

    def noted_open(folder: Path, poll: bool | None) -> KernelWatch | None:
        watch = open_watch(folder, poll)
        assert watch is not None
        opened.append(watch)
        return watch

    def noted_close(watch: KernelWatch) -> None:
        closed.append(watch)
        close_watch(watch)

    monkeypatch.setattr(watcher, "_open_watch", noted_open)
    monkeypatch.setattr(KernelWatch, "close", noted_close)
    log = tmp_path / "a.dat"
    with anyio.fail_after(30):
        async with aclosing(watch_files(tmp_path, awaited=lambda: [log])) as changes:
            assert await anext(changes) == set()
            while not closed:
                with log.open("ab") as file:
                    file.write(b"1")
                assert log in await anext(changes)
            with log.open("ab") as file:
                file.write(b"2")
            assert await anext(changes) == {log}
            assert len(opened) == 1
            await saw(changes, None)  # in the silence there is a watch again
            (tmp_path / "b").touch()
            await saw(changes, tmp_path / "b")
    assert closed == opened
    assert len(opened) == 2
