"""The record of a run besides its metrics: its configuration, and how it was started.

It is a JSON file beside the `.dat`, replaced as a whole, so that a reader never sees half of it.
Environment variables are not kept, and values whose names look like secrets are hidden.
"""

import os
import sys

from . import os_files, paths

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

HIDDEN = "(hidden)"
_SECRET_WORDS = ("key", "token", "secret", "password", "passwd", "credential")
_MAX_DEPTH = 32

_LONGEST = 16 << 20


def record_file(dat_path: str) -> str:
    """Return the file with a log's record."""
    return dat_path.removesuffix(paths.DAT_SUFFIX) + paths.RUN_RECORD_SUFFIX


def merge(dat_path: str, changes: "dict[str, Any]") -> None:
    """Merge these settings into the record, nested mappings key by key.

    Raises:
        OSError: it cannot be written.
    """
    import json

    path = record_file(dat_path)
    new_path = f"{path}.{os.getpid()}.new"
    known: dict[str, Any] = read(dat_path)
    text = json.dumps(_merged(known, changes), indent=1, allow_nan=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os_files.BINARY
    fd = os_files.open_without_link(new_path, flags, 0o644)
    try:
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text + "\n")
        os.replace(new_path, path)
    except OSError:
        _remove(new_path)
        raise


def read(dat_path: str) -> "dict[str, Any]":
    """Read the record of a log. Empty if there is none, or if it cannot be read."""
    import json
    import stat

    from .guarded import open_guarded

    try:
        fd = open_guarded(record_file(dat_path), os_files.READ)
        with os.fdopen(fd, encoding="utf-8") as file:
            is_regular = stat.S_ISREG(os.fstat(fd).st_mode)
            found = json.loads(file.read(_LONGEST)) if is_regular else None
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def json_settings(config: object) -> "dict[str, Any]":
    """Convert a configuration to what JSON can hold.

    Raises:
        TypeError: it is no mapping, `argparse.Namespace`, dataclass, OmegaConf or pydantic object.
    """
    settings = json_value(config)
    if not isinstance(settings, dict):
        raise TypeError(
            f"a configuration must be a mapping of names and values, not "
            f"{type(config).__qualname__}. Pass vars(args) or a dict"
        )
    return settings


def json_value(value: object, depth: int = 0) -> "Any":
    """Convert a value to what JSON can hold.

    Mappings, dataclasses, `argparse.Namespace`, OmegaConf and pydantic objects become dicts,
    sequences become lists. Anything else becomes its text.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if depth > _MAX_DEPTH:
        return str(value)
    items = _items_of(value)
    if items is not None:
        return {str(key): _shown(str(key), one, depth) for key, one in items}
    if isinstance(value, (list, tuple, set, frozenset)) or _is_list_config(value):
        return [json_value(one, depth + 1) for one in value]  # type: ignore[attr-defined]
    return _number_or_text(value)


def _shown(name: str, value: object, depth: int) -> "Any":
    is_hidden = isinstance(value, str) and value and looks_secret(name)
    return HIDDEN if is_hidden else json_value(value, depth + 1)


def looks_secret(name: str) -> bool:
    """Return whether a setting of this name should not be written down."""
    words = name.lower().replace("-", "_").split("_")
    return any(word in words or word.rstrip("s") in words for word in _SECRET_WORDS)


def hide_secrets(arguments: "Iterable[str]", also: str | None = None) -> list[str]:
    """Return a command line with the values of `--api_key=…`, `--token …` and `also` hidden."""
    shown: list[str] = []
    is_next_hidden = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        is_secret = (name.startswith("-") and looks_secret(name.lstrip("-"))) or name == also
        if is_next_hidden and not argument.startswith("-"):
            shown.append(HIDDEN)
        else:
            shown.append(f"{name}={HIDDEN}" if is_secret and equals else argument)
        is_next_hidden = is_secret and not equals
    return shown


def _items_of(value: object) -> "Iterable[tuple[object, object]] | None":
    """Return the items of a mapping in one of the usual forms, or None for anything else."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return [(name, getattr(value, name)) for name in value.__dataclass_fields__]
    dump = getattr(value, "model_dump", None)  # pydantic
    if callable(dump) and not isinstance(value, type):
        return list(dump().items())
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):  # dict, OmegaConf
        return [(key, value[key]) for key in value.keys()]  # noqa: SIM118
    if type(value).__name__ == "Namespace":
        return list(vars(value).items())
    return None


def _is_list_config(value: object) -> bool:
    return type(value).__name__ == "ListConfig"


def _number_or_text(value: object) -> "Any":
    """Convert numpy's numbers and 0-d arrays to numbers, and everything else to its text."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 0) == 0:
        found = item()
        if isinstance(found, (bool, int, float, str)):
            return found
    return str(value)


def _merged(old: "dict[str, Any]", new: "dict[str, Any]") -> "dict[str, Any]":
    merged = dict(old)
    for key, value in new.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            value = _merged(known, value)
        merged[key] = value
    return merged


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def environment_of_this_process(dat_path: str) -> "dict[str, Any]":
    """Return how and where a run was started, and which file of which machine its log is."""
    from . import git_commit

    status = os.stat(dat_path)
    return {
        "command": hide_secrets([sys.executable or "python", *_script_arguments()]),
        "folder": _or_none(os.getcwd),
        "host": _or_none(os_files.host_name),
        "user": _or_none(os_files.user_name),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "package_version": _or_none(_package_version),
        "git_commit": git_commit.find_commit(_script_folder()),
        "pid": os.getpid(),
        "process_started": _process_start(),
        "boot_id": _boot_id(),
        "file": list(os_files.file_of(status)),
    }


def is_of_this_file(environment: "Mapping[str, Any]", status: os.stat_result) -> bool:
    """Return whether an environment was recorded on this machine, for a log with this status.

    A copy (rsync, an unpacked archive) has another inode, a mounted folder another host.
    """
    origin = environment.get("host"), environment.get("file")
    return origin == (os_files.host_name(), list(os_files.file_of(status)))


def mapping_in(record: "Mapping[str, Any]", name: str) -> "Mapping[str, Any]":
    """Return a part of a record. Empty if it is missing, or has another form."""
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _script_arguments() -> list[str]:
    original = list(getattr(sys, "orig_argv", []))[1:]
    return original or list(sys.argv)


def _script_folder() -> str:
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.dirname(os.path.abspath(script)) if script else os.getcwd()


def _package_version() -> str:
    from importlib.metadata import version

    return version("ml-tracking-ops")


def _process_start() -> int | None:
    """Return when this process started, in clock ticks since the boot, or None if not known."""
    try:
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _boot_id() -> str | None:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def _or_none(find: "Any") -> "Any":
    """Return what `find` returns, or None if this system does not provide it."""
    try:
        return find()
    except (ImportError, KeyError, OSError, AttributeError):
        return None
