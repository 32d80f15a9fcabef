"""The commit that a folder's git checkout is at, read from its files: no process is started."""

import os


def find_commit(folder: str) -> str | None:
    """Return the full hash of HEAD, or None if there is no checkout or it cannot be read."""
    checkout = checkout_of(folder)
    found = None if checkout is None else _head(checkout[1])
    return found if found is not None and is_hash(found) else None


def _head(git: str) -> str | None:
    head = _text(os.path.join(git, "HEAD"))
    if not head.startswith("ref: "):
        return head or None
    name = head.removeprefix("ref: ")
    common = common_folder(git)
    for home in (git, common):
        found = _text(os.path.join(home, name))
        if found:
            return found
    return _packed(os.path.join(common, "packed-refs"), name)


def is_hash(text: str) -> bool:
    return len(text) in (40, 64) and all(letter in "0123456789abcdef" for letter in text)


def common_folder(git: str) -> str:
    """Return the folder with objects and branches: for a worktree, that of its main checkout."""
    return os.path.normpath(os.path.join(git, _text(os.path.join(git, "commondir")) or "."))


def checkout_of(folder: str) -> tuple[str, str] | None:
    """Return the top of the checkout around a folder, and its `.git`, or what a worktree's points
    to."""
    while True:
        candidate = os.path.join(folder, ".git")
        if os.path.isdir(candidate):
            return folder, candidate
        if os.path.isfile(candidate):
            target = _text(candidate).removeprefix("gitdir: ")
            return (folder, os.path.normpath(os.path.join(folder, target))) if target else None
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _packed(path: str, name: str) -> str | None:
    for line in _text(path).splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return commit
    return None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 22).strip()
    except OSError:
        return ""
