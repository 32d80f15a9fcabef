"""When a file has changed, and the cache of what was read from files."""

import os
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.store.files.identities import FileCache, identify


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("one")
    return path


def test_identity_differs_when_the_content_does(path: Path) -> None:
    before = identify(path)
    assert before is not None
    assert identify(path) == before
    path.write_text("three")
    grown = identify(path)
    assert grown is not None
    assert grown != before
    assert grown.file == before.file
    os.utime(path, ns=(0, before.modified_ns + 1))
    assert identify(path) not in (before, grown)


def test_replaced_file_is_another_even_if_it_looks_the_same(path: Path) -> None:
    before = identify(path)
    assert before is not None
    other = path.with_name("other")
    other.write_text("two")
    os.utime(other, ns=(0, before.modified_ns))
    other.replace(path)
    after = identify(path)
    assert after is not None
    assert (after.size_bytes, after.modified_ns) == (before.size_bytes, before.modified_ns)
    assert after != before
    assert after.file != before.file


def test_missing_file_has_no_identity_and_a_link_only_if_it_is_not_followed(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to("missing")
    assert identify(path.with_name("missing")) is None
    assert identify(link) is None
    assert identify(link, follow_link=False) is not None


def test_value_is_computed_once_while_the_file_is_unchanged(path: Path) -> None:
    cache: FileCache[Path, str | None] = FileCache(10)
    reads: list[str] = []

    def read() -> None:
        reads.append(path.read_text())

    for _ in range(3):
        cache.get(path, identify(path), read)  # the value may be None
    path.write_text("three")
    for _ in range(3):
        cache.get(path, identify(path), read)
    assert reads == ["one", "three"]


def test_changed_file_has_a_latest_but_no_valid_value(path: Path) -> None:
    cache: FileCache[Path, str] = FileCache(10)
    before = identify(path)
    cache.put(path, before, "one")
    assert cache.find(path, before) == "one"
    path.write_text("three")
    assert cache.find(path, identify(path)) is None
    known = cache.latest(path)
    assert known is not None
    assert (known.identity, known.value) == (before, "one")


def test_values_used_the_longest_time_ago_are_dropped(path: Path) -> None:
    cache: FileCache[str, int] = FileCache(2)
    identity = identify(path)
    for number, key in enumerate("ab"):
        cache.put(key, identity, number)
    cache.find("a", identity)
    cache.put("c", identity, 2)
    assert [cache.find(key, identity) for key in "abc"] == [0, None, 2]


def test_sizes_are_bounded_and_what_is_too_large_is_not_kept(path: Path) -> None:
    cache: FileCache[str, bytes] = FileCache(10, len)
    identity = identify(path)
    cache.put("a", identity, b"1234")
    cache.put("b", identity, b"1234")
    assert (len(cache), cache.size) == (2, 8)
    cache.put("c", identity, b"1234")
    assert (len(cache), cache.size) == (2, 8)
    assert cache.put("c", identity, b"12345678901") == b"12345678901"
    assert cache.find("c", identity) is None
    assert cache.latest("c") is None  # nor the smaller value that it had
    assert (len(cache), cache.size) == (1, 4)
