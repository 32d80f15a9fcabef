"""Joining the live stream at the right place, for any order of events."""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from live import Page

from ml_tracking_ops.logger.reading.reader import read_log
from ml_tracking_ops.logger.records import encode_name, encode_scalar, metric_id
from ml_tracking_ops.web.live import file_topics as topics
from ml_tracking_ops.web.live import subscriber
from ml_tracking_ops.web.live.feed import _read_file_on
from ml_tracking_ops.web.live.file_topics import RunTopic
from ml_tracking_ops.web.live.subscriber import Subscriber

LOSS = metric_id("loss")
SMALL = {"_SMALLEST_CHUNK_BYTES": 96, "_LARGEST_CHUNK_BYTES": 96, "_LIVE_BYTES": 160}


def header() -> bytes:
    """What the logger writes at the beginning of a file."""
    from ml_tracking_ops.logger import ExperimentLogger

    with tempfile.TemporaryDirectory() as folder, ExperimentLogger(folder) as logger:
        return Path(logger.path).read_bytes()[:32]


HEADER = header()


def finish(coroutine):
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


class LiveStream(RuleBasedStateMachine):
    """One growing file, its topic, and a client that takes events when it likes.

    The client connects again with its cursor whenever it likes. Its queue is so small that it often
    falls behind. Nothing may be missed, and nothing may come twice.
    """

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "run.dat"
        self.n_written = 0
        self.start_file()
        self.small = ExitStack()
        self.small.enter_context(patch.object(subscriber, "QUEUE_BYTES", 600))
        for name, n_bytes in SMALL.items():
            self.small.enter_context(patch.object(topics, name, n_bytes))
        self.topic = RunTopic("run", self.path)
        self.page = Page("run")
        self.connect()

    def teardown(self):
        with self.folder, self.small:
            self.settle()
            series = read_log(self.path).get("loss")
            written = [] if series is None else list(zip(series.step, series.value, strict=True))
            assert self.page.points.get("loss", []) == written

    def start_file(self):
        new = self.path.with_suffix(".new")
        new.write_bytes(HEADER + encode_name(LOSS, "loss"))
        new.replace(self.path)

    async def read_on(self, topic, reader, place):
        return _read_file_on(topic, reader, place, topic.place)

    def knows_its_file(self):
        """A cursor of a replaced file cannot be distinguished from one of the new file."""
        return self.subscriber._places[self.topic].generation == self.topic.place.generation

    @precondition(knows_its_file)
    @rule()
    def come_again(self):
        self.connect()

    @precondition(knows_its_file)
    @rule()
    def restart_server(self):
        self.topic = RunTopic("run", self.path)
        self.connect()

    def connect(self):
        place = self.topic.place_of(self.page.cursor)
        self.subscriber = Subscriber({self.topic: place}, self.read_on, lambda topic: None)

    @rule(n_points=st.integers(1, 12))
    def write(self, n_points):
        with self.path.open("ab") as file:
            for _ in range(n_points):
                file.write(encode_scalar(LOSS, self.n_written, 1.0, self.n_written / 7))
                self.n_written += 1

    @rule(n_bytes=st.integers(1, 31))
    def write_torn_record_and_its_rest(self, n_bytes):
        record = encode_scalar(LOSS, self.n_written, 1.0, 0.5)
        self.n_written += 1
        with self.path.open("ab") as file:
            file.write(record[:n_bytes])
        self.look()
        self.take()
        with self.path.open("ab") as file:
            file.write(record[n_bytes:])

    @rule()
    def publish(self):
        self.look()

    @rule()
    def receive(self):
        self.take()

    def look(self):
        found = self.topic.look()
        if found.updates:
            self.topic.place = found.updates[-1].end
        self.subscriber.receive(self.topic, found.updates)
        return found

    def take(self):
        chunk = finish(self.subscriber.next_chunk())
        for block in chunk.split(b"\n\n")[:-1]:
            name, data = block.decode().split("\n")
            self.page.take((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        return chunk

    @rule()
    def replace(self):
        self.start_file()
        self.look()  # without it, a file that grew beyond the old one could pass for it
        self.write(1)

    @invariant()
    def queue_is_bounded(self):
        assert self.subscriber._queued_bytes <= 600

    def settle(self):
        """Until the client has all there is."""
        for _ in range(1_000):
            found, chunk = self.look(), self.take()
            if not (found.updates or found.has_more or chunk or self.subscriber._behind):
                return
        raise AssertionError("never comes to rest")


LiveStream.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLiveStream = LiveStream.TestCase
