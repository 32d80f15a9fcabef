"""Find a sweep's project: it may have been moved or copied since the sweep began."""

from collections.abc import Mapping
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from typing import Any

_PARENTS_SEARCHED = 4


@dataclass(frozen=True)
class Project:
    """The folder that contains a sweep's script.

    Attributes:
        has_moved: it is not where the sweep was begun.
    """

    folder: Path
    has_moved: bool = False

    def path_now(self, path: str, description: Mapping[str, Any]) -> Path:
        """Return where a file of the project is now, by its place in the description."""
        if not self.has_moved:
            return Path(path)
        return self.folder / relpath(path, str(description["folder"]))


def find_project(description: Mapping[str, Any], sweep_folder: Path) -> Project | None:
    """Return the folder of the script, or None if the description does not contain it.

    A sweep in a folder of its project moves with the project. If it logs elsewhere, the project
    stays where it was.

    Args:
        sweep_folder: where the sweep is now, absolute.
    """
    known = description.get("folder")
    if not isinstance(known, str):
        return None
    folder = Path(known)
    begun_in = description.get("sweep_folder")
    if isinstance(begun_in, str):
        if Path(begun_in) == sweep_folder or not Path(begun_in).is_relative_to(folder):
            return Project(folder)
        return Project(_joined(sweep_folder, relpath(folder, begun_in)), has_moved=True)
    return _guessed(description, folder, sweep_folder)


def _guessed(description: Mapping[str, Any], folder: Path, sweep_folder: Path) -> Project:
    """Guess the folder for descriptions that do not record where the sweep was begun."""
    config = description.get("config")
    script = config.get("main_script_name") if isinstance(config, Mapping) else None
    if sweep_folder.is_relative_to(folder) or not isinstance(script, str):
        return Project(folder)
    for parent in list(sweep_folder.parents)[:_PARENTS_SEARCHED]:
        if (parent / script).is_file():
            return Project(parent, has_moved=True)
    return Project(folder)


def _joined(folder: Path, relative: str) -> Path:
    """Join the parts as written, without following links."""
    for part in Path(relative).parts:
        folder = folder.parent if part == ".." else folder / part
    return folder
