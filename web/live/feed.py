"""The live feed: one watcher on the log folder, for the streams of all pages.

A file event means "look". The result of a look is published to all who follow the file. Files that
no page follows are not read, and with no page open nothing is watched at all.
"""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from ml_tracking_ops.logger.tensorboard.event_names import is_event_file
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.objective import BestSoFar
from ml_tracking_ops.orchestrator.store.watching.watcher import watch_files

from ..runs.catalog_access import SharedCatalog, find_run
from ..serving.limits import DEFAULTS, Limits
from ..serving.sse import encode_event
from .event_topic import EventTopic
from .file_topics import OutputTopic, ReadPosition, RunTopic, TopicUpdate, TopicUpdates
from .media_topic import MediaTopic
from .state_topics import CatalogTopic, SweepTopic
from .subscriber import Subscriber, Topic
from .throttle import Throttle

_QUIET_STEP_MS = 150
_FILE_PAUSE_S = 0.01
_STATE_PAUSE_S = 0.1
_FLOOD_PAUSE_S = 0.1
_PAUSE_A_SUBSCRIBER_S = 0.00025
_WATCH_AGAIN_AFTER_S = 1.0

TopicKey = tuple[str, str]
GrowingTopic = RunTopic | OutputTopic | MediaTopic

logger = logging.getLogger(__name__)


class TooManySubscribersError(Exception):
    """Too many live streams: each one costs memory."""


@dataclass(frozen=True, slots=True)
class FollowRequest:
    """What a page wants to follow, and from which cursor on."""

    kind: str
    id: str
    cursor: int

    @property
    def key(self) -> TopicKey:
        return self.kind, self.id


class Feed:
    """Sends what is written in the log folder to the pages that follow it."""

    def __init__(self, catalog: SharedCatalog, limits: Limits = DEFAULTS) -> None:
        self.limits = limits
        self._catalog = catalog
        self._topics: dict[TopicKey, Topic] = {}
        self._followers: dict[Topic, set[Subscriber]] = {}
        self._by_path: dict[Path, set[Topic]] = {}
        self._subscribers: set[Subscriber] = set()
        self._n_streams: Counter[str] = Counter()
        self._someone_came = anyio.Event()
        self._watching: anyio.CancelScope | None = None
        self._is_closed = False
        self._files: Throttle[GrowingTopic] = Throttle(self._look_at_files, self._file_pause_s)
        self._states: Throttle[SweepTopic | CatalogTopic] = Throttle(
            self._look_at_states, lambda: _STATE_PAUSE_S
        )
        self._is_flooded = False

    async def run(self) -> None:
        """Work until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._files.run)
            tasks.start_soon(self._states.run)
            tasks.start_soon(self._watch_while_followed)
            tasks.start_soon(self._look_anyway)

    def close(self) -> None:
        """End every stream, and refuse new ones."""
        self._is_closed = True
        for subscriber in tuple(self._subscribers):
            subscriber.close()

    @asynccontextmanager
    async def subscribe(
        self, wanted: Iterable[FollowRequest], client: str = ""
    ) -> AsyncIterator[Subscriber]:
        """Follow topics for as long as the context lasts.

        Args:
            client: whose stream it is. One client cannot take the place of all others.

        Raises:
            TooManySubscribersError: at the limit, of all streams or of this client's.
        """
        if self._n_streams.total() >= self.limits.streams:
            raise TooManySubscribersError
        if self._n_streams[client] >= self.limits.streams_a_client:
            raise TooManySubscribersError
        self._n_streams[client] += 1
        try:
            async with self._subscribed(wanted) as subscriber:
                yield subscriber
        finally:
            self._n_streams[client] -= 1
            self._n_streams += Counter()  # forgets clients without a stream

    @asynccontextmanager
    async def _subscribed(self, wanted: Iterable[FollowRequest]) -> AsyncIterator[Subscriber]:
        places, missing = await self._enter(list(wanted))
        subscriber = Subscriber(places, self._read_on, self._mark, map(_encode_gone, missing))
        self._add(subscriber)
        try:
            yield subscriber
        finally:
            self._remove(subscriber)

    async def _enter(
        self, wanted: list[FollowRequest]
    ) -> tuple[dict[Topic, ReadPosition], list[FollowRequest]]:
        topics = {want.key: self._topics.get(want.key) for want in wanted}
        unknown = [want for want in wanted if topics[want.key] is None]
        if unknown:
            topics.update(await self._catalog.use(partial(_make_topics, wanted=unknown)))
        # Meanwhile others have come and gone: a topic that was known may be forgotten, one that was
        # not may be known. There is no await from here until the follower is added.
        for key, topic in topics.items():
            if topic is not None:
                topics[key] = self._topics.setdefault(key, topic)
        places: dict[Topic, ReadPosition] = {}
        for want in wanted:
            if (followed := topics[want.key]) is not None:
                places[followed] = followed.place_of(want.cursor)
        return places, [want for want in wanted if topics[want.key] is None]

    def _add(self, subscriber: Subscriber) -> None:
        self._subscribers.add(subscriber)
        for topic in subscriber.topics:
            self._followers.setdefault(topic, set()).add(subscriber)
            self._index(topic)
            self._mark(topic)
        self._someone_came.set()
        if self._is_closed:
            subscriber.close()

    def _remove(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)
        for topic in subscriber.topics:
            followers = self._followers.get(topic, set())
            followers.discard(subscriber)
            if not followers:
                self._forget(topic)
        if not self._subscribers and self._watching is not None:
            self._watching.cancel()

    def _forget(self, topic: Topic) -> None:
        self._followers.pop(topic, None)
        self._topics = {key: kept for key, kept in self._topics.items() if kept is not topic}
        for path, topics in tuple(self._by_path.items()):
            topics.discard(topic)
            if not topics:
                del self._by_path[path]

    def _index(self, topic: Topic) -> None:
        for path in topic.paths:
            self._by_path.setdefault(path, set()).add(topic)

    def _mark(self, topic: Topic) -> None:
        if isinstance(topic, GrowingTopic):
            self._files.mark(topic)
        else:
            self._states.mark(topic)

    def live_bests(self, sweep_id: str) -> Mapping[int, BestSoFar]:
        """Return the best values so far of the running runs, if a page follows the sweep.

        To be called within `SharedCatalog.use`.
        """
        topic = self._topics.get(("sweep", sweep_id))
        return topic.live_bests() if isinstance(topic, SweepTopic) else {}

    # ---- when to look

    async def _watch_while_followed(self) -> None:
        while True:
            if not self._subscribers:
                self._someone_came = anyio.Event()
                await self._someone_came.wait()
            with anyio.CancelScope() as self._watching:
                await self._watch()
            self._watching = None

    async def _watch(self) -> None:
        try:
            async for changed in watch_files(self._catalog.logdir, quiet_step_ms=_QUIET_STEP_MS):
                self._note(changed)
        except OSError as error:
            logger.warning("cannot watch %s: %s", self._catalog.logdir, error)
            await anyio.sleep(_WATCH_AGAIN_AFTER_S)

    def _note(self, changed: Collection[Path]) -> None:
        listing = self._topics.get(("catalog", ""))
        for path in changed:
            for topic in self._by_path.get(path, ()):
                self._mark(topic)
            if isinstance(listing, CatalogTopic) and listing.note(path):
                self._mark(listing)
        if not changed:
            self._note_all()

    def _note_all(self) -> None:
        for topic in self._topics.values():
            if isinstance(topic, CatalogTopic):
                topic.note(self._catalog.logdir)
            self._mark(topic)

    async def _look_anyway(self) -> None:
        """Look without an event: a process was killed, or the kernel dropped an event."""
        while True:
            await anyio.sleep(self.limits.look_anyway_s)
            for topic in self._topics.values():
                if isinstance(topic, CatalogTopic):
                    topic.note_time()
                self._mark(topic)

    # ---- looking, and publishing

    def _file_pause_s(self) -> float:
        """Return the pause: longer with many pages, and when more comes than any page can draw."""
        pause_s = max(_FILE_PAUSE_S, len(self._subscribers) * _PAUSE_A_SUBSCRIBER_S)
        return max(pause_s, _FLOOD_PAUSE_S) if self._is_flooded else pause_s

    async def _look_at_files(self, topics: list[GrowingTopic]) -> None:
        looks = await anyio.to_thread.run_sync(lambda: [topic.look() for topic in topics])
        self._is_flooded = any(look.is_flood for look in looks)
        for topic, look in zip(topics, looks, strict=True):
            self._publish(topic, look)

    async def _look_at_states(self, topics: list[SweepTopic | CatalogTopic]) -> None:
        def look_at_all(catalog: Catalog) -> list[TopicUpdates]:
            return [topic.look(catalog) for topic in topics]

        looks = await self._catalog.use(look_at_all, refresh=False)
        for topic, look in zip(topics, looks, strict=True):
            self._publish(topic, look)
            if topic in self._followers:
                self._index(topic)

    def _publish(self, topic: Topic, look: TopicUpdates) -> None:
        if look.updates:
            topic.place = look.updates[-1].end
        for follower in self._followers.get(topic, ()):
            follower.receive(topic, look.updates)
        if look.has_more:
            self._mark(topic)

    async def _read_on(
        self, topic: Topic, reader: Any, place: ReadPosition
    ) -> tuple[TopicUpdate | None, Any]:
        target = topic.place
        if isinstance(topic, GrowingTopic):
            return await anyio.to_thread.run_sync(_read_file_on, topic, reader, place, target)
        read_on: Callable[[Catalog], TopicUpdate | None] = partial(
            topic.read_on, place=place, target=target
        )
        return await self._catalog.use(read_on, refresh=False), None


def _read_file_on(
    topic: GrowingTopic, reader: Any, place: ReadPosition, target: ReadPosition
) -> tuple[TopicUpdate | None, Any]:
    if reader is None:
        reader = topic.open_reader(place.cursor)
    update = topic.read_on(reader, place, target)
    has_moved_on = update is not None and update.end.cursor > place.cursor
    is_same_file = update is not None and update.end.generation == place.generation
    return update, reader if has_moved_on and is_same_file else None


def _make_topics(catalog: Catalog, wanted: list[FollowRequest]) -> dict[TopicKey, Topic | None]:
    return {want.key: _make_topic(catalog, want) for want in wanted}


def _make_topic(catalog: Catalog, want: FollowRequest) -> Topic | None:
    if want.kind == "catalog":
        return CatalogTopic()
    if want.kind == "sweep":
        sweep = catalog.sweeps.get(want.id)
        return None if sweep is None else SweepTopic(want.id, sweep.path)
    files = find_run(catalog, want.id)
    if files is None:
        return None
    if want.kind == "log":
        return None if files.log_path is None else OutputTopic(want.id, files.log_path)
    if files.dat_path is None:
        return None
    if want.kind == "media":
        return MediaTopic(want.id, files.dat_path)
    is_event_log = is_event_file(files.dat_path)
    return (EventTopic if is_event_log else RunTopic)(want.id, files.dat_path)


def _encode_gone(want: FollowRequest) -> bytes:
    return encode_event("gone", {want.kind: want.id})
