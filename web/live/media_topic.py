"""Whether a run logged more images and the like: the page then asks for what it shows of them."""

import os
from pathlib import Path

from ml_tracking_ops.logger.paths import media_index_of
from ml_tracking_ops.orchestrator.store.files.identities import identify

from ..serving.sse import encode_event
from .file_topics import FileTopic, Look, Place, Update


class MediaTopic(FileTopic[None]):
    """The index of one run's media, by its size alone."""

    kind = "media"

    def __init__(self, run_id: str, dat_path: Path) -> None:
        super().__init__(run_id, Path(media_index_of(os.fspath(dat_path))))
        self.place = Place(0, self._size_bytes())

    def look(self) -> Look:
        generation, start = self.place.generation, self.place.cursor
        size = self._size_bytes()
        if size == start:
            return Look()
        place = Place(generation + (size < start), size)
        return Look((Update(place, self._encode(size)),))

    def encode_reset(self) -> bytes:
        return self._encode(0)

    def open_reader(self, cursor: int) -> None:
        return None

    def read_next(self, reader: None, place: Place, n_bytes: int) -> Update | None:
        end = place.cursor + n_bytes
        return Update(Place(place.generation, end), self._encode(end))

    def _encode(self, offset: int) -> bytes:
        return encode_event("media", {"run": self.run_id, "offset": offset})

    def _size_bytes(self) -> int:
        identity = identify(self.path, follow_link=False)
        return identity.size_bytes if identity else 0
