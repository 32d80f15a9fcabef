"""Reports when a run logged more images and the like: the page then requests what it shows."""

import os
from pathlib import Path

from ml_tracking_ops.logger.paths import media_index_of
from ml_tracking_ops.logger.reading.event_files import size_of_files
from ml_tracking_ops.logger.tensorboard.event_names import files_beside, is_event_file
from ml_tracking_ops.orchestrator.store.files.identities import identify

from ..serving.sse import encode_event
from .file_topics import FileTopic, ReadPosition, TopicUpdate, TopicUpdates


class MediaTopic(FileTopic[None]):
    """The index of one run's media, followed by its size only."""

    kind = "media"

    def __init__(self, run_id: str, dat_path: Path) -> None:
        self._is_event_log = is_event_file(dat_path)
        path = dat_path if self._is_event_log else Path(media_index_of(os.fspath(dat_path)))
        super().__init__(run_id, path)
        self.place = ReadPosition(0, self._size_bytes())

    @property
    def paths(self) -> frozenset[Path]:
        if not self._is_event_log:
            return super().paths
        return frozenset((self.path, *map(Path, files_beside(os.fspath(self.path)))))

    def is_possible(self, cursor: int) -> bool:
        return cursor <= self._size_bytes()

    def look(self) -> TopicUpdates:
        generation, start = self.place.generation, self.place.cursor
        size = self._size_bytes()
        if size == start:
            return TopicUpdates()
        place = ReadPosition(generation + (size < start), size)
        return TopicUpdates((TopicUpdate(place, self._encode(size)),))

    def encode_reset(self) -> bytes:
        return self._encode(0)

    def open_reader(self, cursor: int) -> None:
        return None

    def read_next(self, reader: None, place: ReadPosition, n_bytes: int) -> TopicUpdate | None:
        end = place.cursor + n_bytes
        return TopicUpdate(ReadPosition(place.generation, end), self._encode(end))

    def _encode(self, offset: int) -> bytes:
        return encode_event("media", {"run": self.run_id, "offset": offset})

    def _size_bytes(self) -> int:
        if self._is_event_log:
            return size_of_files(os.fspath(self.path))
        identity = identify(self.path, follow_link=False)
        return identity.size_bytes if identity else 0
