"""One page's live stream: its topics, its positions, and the queue of events to send."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import anyio

from .file_topics import OutputTopic, ReadPosition, RunTopic, TopicUpdate
from .media_topic import MediaTopic
from .state_topics import CatalogTopic, SweepTopic

QUEUE_BYTES = 128 << 10

Topic = RunTopic | OutputTopic | MediaTopic | SweepTopic | CatalogTopic
ReadOn = Callable[[Topic, Any, ReadPosition], Awaitable[tuple[TopicUpdate | None, Any]]]


class Subscriber:
    """Follows topics for one client, in bounded memory.

    For each topic it is *attached* (its place is the live stream's, updates are queued as they
    come) or *behind* (it reads on from its own place). If a client takes its events too slowly, the
    queue fills and is dropped, every topic is behind, and its content is read again from the files
    once the client takes more. Behind, it may be *waiting*: only a look of the live stream can find
    out how it continues.
    """

    def __init__(
        self,
        places: dict[Topic, ReadPosition],
        read_on: ReadOn,
        request_look: Callable[[Topic], None],
        greeting: Iterable[bytes] = (),
    ) -> None:
        self.is_closed = False
        self._places = places
        self._read_on = read_on
        self._request_look = request_look
        self._greeting = b"".join(greeting)
        self._attached: set[Topic] = set()
        self._behind = deque(places)
        self._waiting: set[Topic] = set()
        self._readers: dict[Topic, Any] = {}
        self._queue: deque[tuple[Topic, TopicUpdate]] = deque()
        self._queued_bytes = 0
        self._news = anyio.Event()

    @property
    def topics(self) -> Iterable[Topic]:
        return self._places.keys()

    def receive(self, topic: Topic, updates: Iterable[TopicUpdate]) -> None:
        """Take the result of a look at `topic`, perhaps nothing. The feed calls this."""
        if topic in self._waiting:
            self._waiting.discard(topic)
            self._behind.append(topic)
            self._news.set()
        elif topic in self._attached:
            for update in updates:
                self._queue.append((topic, update))
                self._queued_bytes += len(update.frame)
                self._news.set()
            if self._queued_bytes > QUEUE_BYTES:
                self._fall_behind()

    def close(self) -> None:
        """End the stream."""
        self.is_closed = True
        self._news.set()

    async def next_chunk(self) -> bytes:
        """Return the events to send now, or empty if there are none."""
        chunk, self._greeting = self._greeting, b""
        chunk += self._take_queue()
        self._attach_arrived()
        if self._behind and not self.is_closed:
            chunk += await self._catch_up(self._behind.popleft())
        return chunk

    async def wait_for_news(self, timeout_s: float) -> bool:
        """Wait until there may be an event. Returns False if there is none in time."""
        if not (self._queue or self._behind or self.is_closed):
            self._news = anyio.Event()
            with anyio.move_on_after(timeout_s):
                await self._news.wait()
        return bool(self._queue or self._behind or self.is_closed)

    def _take_queue(self) -> bytes:
        frames = []
        for topic, update in self._queue:
            self._places[topic] = update.end
            frames.append(update.frame)
        self._queue.clear()
        self._queued_bytes = 0
        return b"".join(frames)

    def _fall_behind(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0
        self._behind.extend(self._attached)
        self._attached.clear()

    def _attach_arrived(self) -> None:
        # There is no await between this comparison and the next `receive`: the live stream
        # continues exactly where this follower is.
        arrived = [topic for topic in self._behind if self._places[topic] == topic.place]
        for topic in arrived:
            self._behind.remove(topic)
            self._attached.add(topic)
            self._readers.pop(topic, None)

    async def _catch_up(self, topic: Topic) -> bytes:
        place = self._places[topic]
        update, reader = await self._read_on(topic, self._readers.pop(topic, None), place)
        if update is None:
            self._waiting.add(topic)
            self._request_look(topic)
            return b""
        self._places[topic] = update.end
        if reader is not None:
            self._readers[topic] = reader
        self._behind.append(topic)
        return update.frame
