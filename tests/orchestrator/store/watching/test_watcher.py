from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from ml_tracking_ops.orchestrator.store.watching.watcher import is_on_network, watch_files

pytestmark = pytest.mark.anyio


async def test_first_item_says_that_it_listens(tmp_path: Path) -> None:
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


async def test_folder_may_come_go_and_come_again(tmp_path: Path) -> None:
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
