"""Topics that are no single file: a sweep's runs, and the list of everything.

Their live stream is a sequence of numbered changes, counted by this process. A page that was
rendered elsewhere or earlier names a cursor of another kind (how much of the journal it knows, a
digest of the list it shows). That is generation `ENTRY`, and the first update leads from it into
the live stream.

Everything here except `place` and `note` runs in worker threads, with exclusive access to the
catalog.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.objective import BestSoFar, Goal
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.entries import (
    ExperimentEntry,
    ListEntry,
    SweepSummary,
    catalog_cursor,
    experiment_entry,
    goals_entries,
    run_entry,
    sweep_cursor,
    sweep_entry,
    sweep_summary,
)
from ..serving.sse import as_fields, encode_event
from .file_topics import ReadPosition, TopicUpdate, TopicUpdates
from .run import LiveCurves, LiveRun

ENTRY = -1
_LIVE = 0
_SCAN_EVERY_NTH_TIME = 10


class SweepTopic:
    """The rows of a sweep's runs and its summary, with best values and curves while runs are
    running."""

    kind = "sweep"

    def __init__(self, sweep_id: str, folder: Path) -> None:
        self.sweep_id = sweep_id
        self.place = ReadPosition(_LIVE, 0)
        self._journal_path = folder / paths.JOURNAL_NAME
        self._changes: list[int | None] = []
        self._n_seen = 0
        self._changed_at: dict[int, int] = {}
        self._running: dict[int, LiveRun] = {}
        self._summary: SweepSummary | None = None
        self._curves = LiveCurves(sweep_id)

    @property
    def paths(self) -> frozenset[Path]:
        """The files that are read again when they change."""
        return frozenset((self._journal_path, *(live.dat_path for live in self._running.values())))

    def place_of(self, cursor: int) -> ReadPosition:
        return ReadPosition(ENTRY, cursor)

    def look(self, catalog: Catalog) -> TopicUpdates:
        """Read what is new in the journal and in the logs of the running runs."""
        sweep = catalog.sweeps.get(self.sweep_id)
        if sweep is None:
            return TopicUpdates()
        sweep.refresh()
        changed = self._changed_in_journal(sweep) | self._improved(sweep)
        if self._summary is None:
            changed = set()  # clients continue from what their page shows
        summary = sweep_summary(sweep, self.live_bests())
        due = self._curves.due(self._running)
        is_same = not changed and summary == self._summary
        if is_same and not due:
            return TopicUpdates()
        self._summary = summary
        number = self.place.cursor + 1
        self._changed_at.update(dict.fromkeys(changed, number))
        frame = b"" if is_same else self._encode(sweep, changed)
        frame += self._curves.encode_due(self._running, due, number)
        return TopicUpdates((TopicUpdate(ReadPosition(_LIVE, number), frame),))

    def read_on(
        self, catalog: Catalog, place: ReadPosition, target: ReadPosition
    ) -> TopicUpdate | None:
        """Return one update from `place` to `target`: every row that has changed in between."""
        if self._summary is None:
            return None
        sweep = catalog.sweeps.get(self.sweep_id)
        if sweep is None:
            return TopicUpdate(target, encode_event("gone", {"sweep": self.sweep_id}))
        if place.generation == ENTRY:
            changed = self._changed_since_rendering(sweep, place.cursor)
        else:
            changed = {index for index, at in self._changed_at.items() if at > place.cursor}
        since = 0 if place.generation == ENTRY else place.cursor
        frame = self._encode(sweep, changed) + self._curves.encode_since(self._running, since)
        return TopicUpdate(target, frame)

    def _changed_in_journal(self, sweep: Sweep) -> set[int]:
        if sweep.changes is not self._changes:
            self._changes, self._n_seen = sweep.changes, 0
        new = self._changes[self._n_seen :]
        self._n_seen += len(new)
        return {index for index in new if index is not None}

    def _changed_since_rendering(self, sweep: Sweep, cursor: int) -> set[int]:
        """Return what the page cannot know: later changes, and the live values of running runs."""
        is_known = 0 <= cursor <= len(sweep.changes)
        if not is_known:
            return set(sweep.record.runs)
        changed = {index for index in sweep.changes[cursor:] if index is not None}
        return changed | set(self._running)

    def _improved(self, sweep: Sweep) -> set[int]:
        metric, goal = sweep.optimization_metric, sweep.optimization_goal
        if metric is None or goal is None:
            return set()
        running = {run.index: run for run in sweep.record.runs.values() if run.state == "running"}
        self._running = {
            index: self._live_run(sweep, run, metric, goal) for index, run in running.items()
        }
        return {index for index, live in self._running.items() if live.read()}

    def _live_run(self, sweep: Sweep, run: RunRecord, metric: str, goal: Goal) -> LiveRun:
        dat_path = sweep.dat_path(run) or sweep.path
        known = self._running.get(run.index)
        is_same = known is not None and known.dat_path == dat_path
        return known if known and is_same else LiveRun(dat_path, metric, goal)

    def live_bests(self) -> dict[int, BestSoFar]:
        """Return the best values so far of the running runs, by index."""
        return {index: live.best for index, live in self._running.items()}

    def _encode(self, sweep: Sweep, changed: Iterable[int]) -> bytes:
        bests, cursor = self.live_bests(), sweep_cursor(sweep)
        summary = {**as_fields(sweep_summary(sweep, bests)), "cursor": cursor}
        rows = [
            run_entry(
                sweep.id, sweep.record.runs[index], bests.get(index), sweep.annotations.run(index)
            )
            for index in sorted(changed)
            if index in sweep.record.runs
        ]
        event = {"sweep": sweep.id, "cursor": cursor, "runs": rows}
        frame = encode_event("runs", event) if rows else b""
        return frame + encode_event("sweep", summary)


class CatalogTopic:
    """The list of experiments and sweeps: additions, removals, and changes of state."""

    kind = "catalog"
    paths: frozenset[Path] = frozenset()

    def __init__(self) -> None:
        self.place = ReadPosition(_LIVE, 0)
        self._entries: dict[str, ListEntry] = {}
        self._by_dat: dict[str, str] = {}
        self._sweep_folders: frozenset[Path] = frozenset()
        self._to_recheck: set[str] = set()
        self._to_refresh: set[Path] = set()
        self._must_scan = True
        self._n_times = 0
        self._has_looked = False

    def place_of(self, cursor: int) -> ReadPosition:
        return ReadPosition(ENTRY, cursor)

    def note(self, path: Path) -> bool:
        """Take in a changed path (event loop), and return whether it is a reason to look.

        Training writes to `.dat` files all the time: that changes no list, but may be the end of an
        experiment. A journal may contain the end of a sweep. Other files may be something new.
        """
        if path.name == paths.JOURNAL_NAME and path.parent in self._sweep_folders:
            self._to_refresh.add(path.parent)
            return True
        if path.suffix in (paths.DAT_SUFFIX, paths.LOG_SUFFIX):
            if path.parent in self._sweep_folders:
                return False
            known = self._by_dat.get(os.fspath(path))
            if known is not None:
                self._to_recheck.add(known)
                return True
        self._must_scan = True
        return True

    def note_time(self) -> None:
        """Have everything that seems to be running checked again: a killed process leaves no
        record."""
        self._to_recheck.update(self._running())
        self._to_refresh.update(self._sweep_folders)
        self._n_times += 1
        if self._n_times % _SCAN_EVERY_NTH_TIME == 0:
            self._must_scan = True

    def look(self, catalog: Catalog) -> TopicUpdates:
        """Return what has changed since the last look."""
        must_scan, self._must_scan = self._must_scan, False
        to_recheck, self._to_recheck = self._to_recheck, set()
        to_refresh, self._to_refresh = self._to_refresh, set()
        if must_scan or self._is_gone(catalog, to_recheck):
            catalog.refresh()
            self._index(catalog)
            to_recheck |= self._running()
        for sweep in catalog.sweeps.values():
            if sweep.path in to_refresh:
                sweep.refresh()
        before = self._entries
        self._entries = dict(self._current(catalog, to_recheck))
        self._has_looked = True
        change = _difference(before, self._entries)
        if not any(change.values()):
            return TopicUpdates()
        event = {**change, "cursor": catalog_cursor(self._entries.values())}
        update = TopicUpdate(
            ReadPosition(_LIVE, self.place.cursor + 1), encode_event("catalog", event)
        )
        return TopicUpdates((update,))

    def read_on(
        self, catalog: Catalog, place: ReadPosition, target: ReadPosition
    ) -> TopicUpdate | None:
        """Return one update to `target`: the whole list, unless the page shows exactly that."""
        if not self._has_looked:
            return None
        cursor = catalog_cursor(self._entries.values())
        if place == ReadPosition(ENTRY, cursor):
            return TopicUpdate(target, b"")
        event = {
            "added": list(self._entries.values()),
            "changed": [],
            "removed": [],
            "is_complete": True,
            "cursor": cursor,
        }
        return TopicUpdate(target, encode_event("catalog", event))

    def _index(self, catalog: Catalog) -> None:
        self._by_dat = {item.dat_file: item.id for item in catalog.experiments.values()}
        self._sweep_folders = frozenset(sweep.path for sweep in catalog.sweeps.values())

    def _is_gone(self, catalog: Catalog, identities: Iterable[str]) -> bool:
        known = (catalog.experiments.get(identity) for identity in identities)
        return not all(experiment and experiment.dat_path.exists() for experiment in known)

    def _running(self) -> set[str]:
        return {key for key, entry in self._entries.items() if entry.state == "running"}

    def _current(
        self, catalog: Catalog, to_recheck: Collection[str]
    ) -> Iterable[tuple[str, ListEntry]]:
        for experiment in catalog.experiments.values():
            yield experiment.id, self._entry(experiment, to_recheck)
        for sweep in catalog.sweeps.values():
            yield sweep.id, sweep_entry(sweep)
        for goals in goals_entries(catalog):
            yield goals.id, goals

    def _entry(self, experiment: Experiment, to_recheck: Collection[str]) -> ListEntry:
        known = self._entries.get(experiment.id)
        if isinstance(known, ExperimentEntry) and experiment.id not in to_recheck:
            return experiment_entry(experiment, known.state)
        return experiment_entry(experiment, experiment.state())


def _difference(
    before: Mapping[str, ListEntry], after: Mapping[str, ListEntry]
) -> dict[str, list[Any]]:
    return {
        "added": [entry for key, entry in after.items() if key not in before],
        "changed": [
            entry for key, entry in after.items() if key in before and before[key] != entry
        ],
        "removed": [key for key in before if key not in after],
    }
