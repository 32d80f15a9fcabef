"""The points of a run from TensorBoard's event files, as they are written."""

import os
from pathlib import Path

from ml_tracking_ops.logger.reading.event_files import size_of_files, whole_records_of_files
from ml_tracking_ops.logger.reading.event_log import EventTail
from ml_tracking_ops.logger.reading.reader import LogTail
from ml_tracking_ops.logger.tensorboard.event_names import files_beside

from .file_topics import ReadPosition, RunTopic, TopicUpdate

_CHUNK_BYTES = 1 << 20


class EventTopic(RunTopic):
    """A topic like `RunTopic`. Its cursor counts the bytes of all event files of the folder."""

    @property
    def paths(self) -> frozenset[Path]:
        return frozenset((self.path, *map(Path, files_beside(os.fspath(self.path)))))

    def end_cursor(self) -> int:
        return whole_records_of_files(os.fspath(self.path))

    def open_reader(self, cursor: int) -> EventTail:
        return EventTail(self.path, cursor, follow_link=False)

    def is_possible(self, cursor: int) -> bool:
        return cursor <= size_of_files(os.fspath(self.path))

    def read_next(
        self, reader: LogTail | EventTail, place: ReadPosition, n_bytes: int
    ) -> TopicUpdate | None:
        return self.read_batch(reader, place, min(n_bytes, _CHUNK_BYTES))
