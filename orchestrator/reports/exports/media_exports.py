"""`export --format media`: images, texts, tables and audio of runs as files, with an index.

Names in a log may be anything: files are named with those characters that every file system
accepts.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger.media.encoding.contents import HEAD_BYTES, content_of
from ml_tracking_ops.logger.media.entries import clean
from ml_tracking_ops.logger.media.kinds import HISTOGRAM, IMAGE_SUFFIXES, TABLE, TEXT
from ml_tracking_ops.logger.media.opening import read_svg_of
from ml_tracking_ops.logger.media.run_media import MediaItem, RunMedia
from ml_tracking_ops.logger.paths import make_folders

from ...errors import UsageError
from ...store.catalog import FoundRun
from ...store.experiments import Experiment
from ...store.sweep_folder import Sweep
from ..entries import dat_path_of
from .run_tables import table_csv

INDEX_NAME = "index.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 60


def export_media(found: Experiment | Sweep | FoundRun, folder: Path) -> int:
    """Write a run's media into a folder, or those of a sweep's runs into folders in it.

    Returns:
        how many there are.

    Raises:
        UsageError: the folder exists and is not empty.
        OSError: something cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} already exists. Name a new or empty folder")
    if not isinstance(found, Sweep):
        return _write_run(dat_path_of(found), folder)
    runs = [run for _, run in sorted(found.record.runs.items()) if run.name is not None]
    return sum(
        _write_run(dat_path_of(FoundRun(found, run)), folder / str(run.name)) for run in runs
    )


def _write_run(dat_path: Path, folder: Path) -> int:
    media = RunMedia(os.fspath(dat_path))
    if not len(media):
        return 0
    make_folders(os.fspath(folder))
    index = list(_written(media, folder))
    text = json.dumps(index, indent=1, ensure_ascii=False)
    (folder / INDEX_NAME).write_text(text + "\n", encoding="utf-8")
    return len(index)


def _written(media: RunMedia, folder: Path) -> Iterator[dict[str, Any]]:
    """Write each entry, and yield its line for the index."""
    used: set[str] = set()
    for item in media:
        line: dict[str, Any] = {
            "kind": item.kind,
            "name": item.name,
            "step": item.step,
            "wall_time": item.wall_time,
        }
        if item.caption:
            line["caption"] = item.caption
        try:
            line.update(_content(item, folder, used))
        except OSError as error:
            if error.filename is not None and Path(error.filename).is_relative_to(folder):
                raise  # it cannot be written
            line["error"] = clean(str(error))
        yield line


def _content(item: MediaItem, folder: Path, used: set[str]) -> dict[str, Any]:
    if item.kind == HISTOGRAM:
        found = item.histogram
        return {key: value for key, value in found._asdict().items() if value is not None}
    if item.kind == TEXT:
        return {"file": _write(folder, used, item, ".md", item.text.encode())}
    if item.kind == TABLE:
        table = item.table
        data = "".join(table_csv(table.columns, table.rows)).encode()
        return {"file": _write(folder, used, item, ".csv", data), "n_rows": table.n_rows}
    data = item.read_bytes()
    suffix = _suffix_of(data) if item.path is None else Path(item.path).suffix
    line = {"file": _write(folder, used, item, suffix, data)}
    if suffix in IMAGE_SUFFIXES and item.entry.svg is not None:
        line["svg"] = _write(folder, used, item, ".svg", read_svg_of(item.entry))
    return line


def _suffix_of(data: bytes) -> str:
    """Return the suffix for bytes from an event file. SVG, which could run scripts, gets none of
    its own."""
    content = content_of(data[:HEAD_BYTES])
    return ".bin" if content is None or content.suffix == ".svg" else content.suffix


def _write(folder: Path, used: set[str], item: MediaItem, suffix: str, data: bytes) -> str:
    """Write a file, and return its path in the folder."""
    name = _UNSAFE.sub("_", item.name).strip("._")[:_LONGEST] or "unnamed"
    start = f"{item.kind}/{name}/{item.step:08d}"
    path, number = start + suffix, 1
    while path.lower() in used:
        number += 1
        path = f"{start}_{number}{suffix}"
    used.add(path.lower())
    target = folder / path
    make_folders(os.fspath(target.parent))
    with target.open("xb") as file:
        file.write(data)
    return path
