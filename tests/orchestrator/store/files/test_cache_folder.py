"""A folder of files that can be computed again: bounded, private, and never in the way."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest
from other_users import STRANGER, needs_root

from ml_tracking_ops.orchestrator.store.files import cache_folder
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder, user_cache


def read(cache: CacheFolder, key: str) -> bytes | None:
    return cache.use(key, lambda read_at: read_at(0, 1 << 20))


def size(cache: CacheFolder) -> int:
    return sum(path.stat().st_size for path in cache.folder.rglob("*") if path.is_file())


def test_written_entry_is_read(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "deep" / "cache", 1_000_000)
    assert read(cache, "key") is None
    assert cache.write("key", b"one")
    assert cache.write("key", b"another")
    assert read(cache, "key") == b"another"
    assert cache.use("key", lambda read_at: (read_at(2, 3), read_at(5, 99), read_at(50, 1))) == (
        b"oth",
        b"er",
        b"",
    )
    cache.remove("key")
    assert read(cache, "key") is None


def test_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        cache = CacheFolder(tmp_path / "cache", 1_000_000)
        cache.write("key", b"value")
    finally:
        os.umask(before)
    folders = [cache.folder, *(path for path in cache.folder.iterdir() if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    (file,) = (path for path in cache.folder.rglob("*") if path.is_file())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_least_recently_used_files_are_deleted(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path, 1_000_000)
    for number in range(60):
        cache.write(f"{number}", bytes(4_096))
        place = cache._place(f"{number}")
        os.utime(place, (1_000_000 + number, 1_000_000 + number))
    read(cache, "0")  # used now
    CacheFolder(tmp_path, 200_000).trim()
    assert size(cache) <= 200_000
    assert read(cache, "0") is not None
    assert read(cache, "1") is None
    assert read(cache, "59") is not None


def test_bound_is_kept_while_files_are_written(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path, 400_000)
    for number in range(400):
        cache.write(f"{number}", bytes(8_192))
        assert size(cache) <= 400_000 * 17 / 16 + 8_192
    assert size(cache) >= 300_000


def test_file_larger_than_a_quarter_of_all_is_not_kept(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path, 1_000)
    assert not cache.write("key", bytes(300))
    assert read(cache, "key") is None


def test_leftovers_of_killed_writers_are_deleted(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path, 100_000)
    cache.write("key", b"value")
    (shard,) = tmp_path.iterdir()
    old, young = shard / ".new-1-1", shard / ".new-1-2"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1_000_000, 1_000_000))
    cache.trim()
    assert (old.exists(), young.exists()) == (False, True)


def test_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "cache", 100_000)
    cache.write("key", b"value")
    place = Path(cache._place("key"))
    place.unlink()
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    place.symlink_to(secret)
    assert read(cache, "key") is None
    assert cache.write("key", b"new")
    assert (read(cache, "key"), secret.read_bytes()) == (b"new", b"secret")


def test_folder_that_others_can_write_in_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cache_folder.SIZE_VARIABLE)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "c"))
    (tmp_path / "c").mkdir()
    (tmp_path / "c").chmod(0o777)
    assert user_cache("digests") is None
    (tmp_path / "c").chmod(0o755)
    assert user_cache("digests") is not None
    (tmp_path / "c").rmdir()
    (tmp_path / "c").symlink_to(tmp_path)
    assert user_cache("digests") is None


@needs_root
def test_folder_or_file_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cache_folder.SIZE_VARIABLE)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "c"))
    (tmp_path / "c").mkdir()
    cache = user_cache("digests")
    assert cache is not None
    cache.write("key", b"value")
    os.chown(cache._place("key"), STRANGER, STRANGER)
    assert read(cache, "key") is None
    os.chown(tmp_path / "c", STRANGER, STRANGER)
    assert user_cache("digests") is None


@pytest.mark.parametrize("text", ["0", "-1", "nan"])
def test_variable_turns_it_off(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache_folder.SIZE_VARIABLE, text)
    assert user_cache("digests") is None


def test_folder_is_where_the_system_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cache_folder.SIZE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = user_cache("digests")
    assert cache is not None
    assert cache.folder == tmp_path / "ml-tracking-ops" / "digests"
    assert stat.S_IMODE((tmp_path / "ml-tracking-ops").stat().st_mode) == 0o700


def test_readers_see_whole_files_while_others_write(tmp_path: Path) -> None:
    contents = [bytes([number]) * 50_000 for number in range(8)]

    def write() -> None:
        cache = CacheFolder(tmp_path, 10_000_000)
        for content in contents * 10:
            cache.write("key", content)

    threads = [Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    cache = CacheFolder(tmp_path, 10_000_000)
    while any(thread.is_alive() for thread in threads):
        found = read(cache, "key")
        assert found is None or found in contents
    assert read(cache, "key") in contents
