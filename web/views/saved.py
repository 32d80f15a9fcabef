"""Named views, as they are kept in `annotations.json` in the log folder itself:

{"format_version": 1, "views": [{"name": NAME, "address": "/sweeps/s?x=relative"}, …],
 "default_view": NAME}
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.store.annotations import clean_name, edit_file, read_file

MOST_VIEWS = 200
LONGEST_ADDRESS = 8_000
_PAGES = ("/experiments", "/sweeps", "/compare", "/runs/")


@dataclass(frozen=True)
class View:
    """A page under a name. `address` is its path with all parameters, from the root."""

    name: str
    address: str


@dataclass(frozen=True)
class Views:
    """All views in the order of their names, and the name of the default one."""

    views: tuple[View, ...] = ()
    default: str | None = None

    def find(self, name: str | None) -> View | None:
        return next((one for one in self.views if one.name == name), None)


def first_address(logdir: Path) -> str:
    """Return the first address of the dashboard: the default view, or the experiments."""
    if not (logdir / paths.ANNOTATIONS_NAME).is_file():
        return "/experiments"
    found = read_views(logdir)
    view = found.find(found.default)
    return "/experiments" if view is None else view.address


def read_views(logdir: Path) -> Views:
    """Read the views of a log folder. Empty if the file is missing or damaged."""
    return _decode(read_file(logdir))


def save_view(logdir: Path, name: str, address: str) -> View:
    """Save an address under a name, in place of any view with this name.

    Raises:
        UsageError: the name or the address cannot be kept, or there are too many views.
        AnnotationError: the file cannot be read or written. It is left as it was.
    """
    view = View(_named(name), _checked(address))

    def change(known: Views) -> Views:
        others = [one for one in known.views if one.name != view.name]
        if len(others) >= MOST_VIEWS:
            raise UsageError(f"{MOST_VIEWS} views are already kept. Delete one first")
        return replace(known, views=(*others, view))

    _edit(logdir, change)
    return view


def rename_view(logdir: Path, name: str, new_name: str) -> View:
    """Give a view another name.

    Raises:
        UsageError: there is no such view, or another one has the new name.
        AnnotationError: as `save_view`.
    """
    view = View(_named(new_name), "")

    def change(known: Views) -> Views:
        renamed = replace(_known(known, name), name=view.name)
        if view.name != name and known.find(view.name) is not None:
            raise UsageError(f"the view “{view.name}” already exists")
        others = [one for one in known.views if one.name != name]
        default = view.name if known.default == name else known.default
        return Views((*others, renamed), default)

    _edit(logdir, change)
    return view


def delete_view(logdir: Path, name: str) -> None:
    """Delete a view.

    Raises:
        UsageError: there is no such view.
        AnnotationError: as `save_view`.
    """

    def change(known: Views) -> Views:
        gone = _known(known, name)
        rest = tuple(one for one in known.views if one != gone)
        return Views(rest, None if known.default == name else known.default)

    _edit(logdir, change)


def choose_default(logdir: Path, name: str | None) -> None:
    """Make a view the first page of the dashboard. None means no view.

    Raises:
        UsageError: there is no such view.
        AnnotationError: as `save_view`.
    """

    def change(known: Views) -> Views:
        return replace(known, default=None if name is None else _known(known, name).name)

    _edit(logdir, change)


def _known(views: Views, name: str) -> View:
    found = views.find(name)
    if found is None:
        raise UsageError(f"there is no view “{name[:100]}”")
    return found


def _named(name: str) -> str:
    cleaned = clean_name(name)
    if not cleaned:
        raise UsageError("a view needs a name")
    return cleaned


def is_page(address: str) -> bool:
    """Return whether an address is one of our own pages: never that of another site."""
    path = address.partition("?")[0]
    is_plain = not any(char in address for char in "\\\r\n\t") and len(address) <= LONGEST_ADDRESS
    return is_plain and (path in _PAGES or path.startswith(tuple(f"{one}/" for one in _PAGES)))


def _checked(address: str) -> str:
    if len(address) > LONGEST_ADDRESS:
        raise UsageError(
            f"the address has {len(address)} characters. At most {LONGEST_ADDRESS} are kept: "
            "select fewer runs"
        )
    if not is_page(address):
        raise UsageError("only addresses of pages of experiments, sweeps and runs are kept")
    return address


def _decode(data: Mapping[str, Any]) -> Views:
    """Decode the content of a file, which may come from anybody."""
    given = data.get("views")
    views = [_view_of(one) for one in given[:MOST_VIEWS]] if isinstance(given, list) else []
    by_name = {one.name: one for one in views if one is not None}
    known = tuple(sorted(by_name.values(), key=lambda one: one.name.casefold()))
    default = data.get("default_view")
    return Views(known, default if isinstance(default, str) and default in by_name else None)


def _view_of(entry: object) -> View | None:
    if not isinstance(entry, dict):
        return None
    name, address = entry.get("name"), entry.get("address")
    if not (isinstance(name, str) and name and isinstance(address, str) and is_page(address)):
        return None
    return View(name[:100], address)


def _edit(logdir: Path, change: Callable[[Views], Views]) -> None:
    def put(data: dict[str, Any]) -> None:
        changed = change(_decode(data))
        data["views"] = _encode(changed.views)
        data["default_view"] = changed.default
        if not changed.views:
            del data["views"]
        if changed.default is None:
            del data["default_view"]

    edit_file(logdir, put)


def _encode(views: Sequence[View]) -> list[dict[str, str]]:
    return [{"name": one.name, "address": one.address} for one in views]
