"""The media of a run as objects: `read_run(...).media`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from .entries import HistogramEntry, MediaEntry
from .history import open_history
from .kinds import HISTOGRAM, KINDS, TABLE, TEXT
from .opening import entry_path, read_file_of
from .reading import MediaTable, histogram_of_entry, table_of_entry, text_of


@dataclass(frozen=True)
class MediaItem:
    """One image, text, histogram, table or sound of a run. Its content is read on access.

    Attributes:
        kind: `image`, `text`, `histogram`, `table` or `audio`.
        path: the file that holds it, absolute, or None for histograms and short texts.
        width, height: of an image, in pixels.
    """

    entry: MediaEntry

    @property
    def kind(self) -> str:
        return self.entry.kind

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def step(self) -> int:
        return self.entry.step

    @property
    def wall_time(self) -> float:
        return self.entry.wall_time

    @property
    def caption(self) -> str:
        return self.entry.caption

    @property
    def width(self) -> int:
        return self.entry.width

    @property
    def height(self) -> int:
        return self.entry.height

    @property
    def path(self) -> str | None:
        return entry_path(self.entry)

    def read_bytes(self) -> bytes:
        """Return the bytes of its file. Of a text, the text in UTF-8.

        Raises:
            OSError: they cannot be read.
            ValueError: a histogram has no file.
        """
        if self.kind == TEXT:
            return self.text.encode()
        if self.kind == HISTOGRAM:
            raise ValueError(f"a {self.kind} has no file. Use .{self.kind}")
        return read_file_of(self.entry)

    @cached_property
    def text(self) -> str:
        """The content of a text.

        Raises:
            ValueError: it is not a text.
            OSError: it cannot be read.
        """
        self._require(TEXT)
        return text_of(self.entry)

    @cached_property
    def histogram(self) -> HistogramEntry:
        """Counts and edges of a histogram, and statistics of its values.

        Raises:
            ValueError: it is not a histogram.
            OSError: it cannot be read.
        """
        self._require(HISTOGRAM)
        return histogram_of_entry(self.entry)

    @cached_property
    def table(self) -> MediaTable:
        """Columns and rows of a table.

        Raises:
            ValueError: it is not a table.
            OSError: it cannot be read.
        """
        self._require(TABLE)
        return table_of_entry(self.entry)

    def _require(self, kind: str) -> None:
        if self.kind != kind:
            raise ValueError(f"{self.name!r} of step {self.step} is not a {kind} but a {self.kind}")


class RunMedia:
    """Everything that a run logged besides numbers. Iterates by kind, name and step."""

    def __init__(self, dat_path: str) -> None:
        self._history = open_history(dat_path)
        self._history.refresh()

    def names(self, kind: str | None = None) -> list[str]:
        """Return the names of one kind, or of all kinds, each once."""
        return list(dict.fromkeys(name for one, name in self._ordered() if kind in (None, one)))

    def of(self, name: str, kind: str | None = None) -> list[MediaItem]:
        """Return all entries of one name (and kind, if given), by step.

        Raises:
            KeyError: there is nothing of this name.
        """
        keys = [key for key in self._ordered() if key[1] == name and kind in (None, key[0])]
        if not keys:
            raise KeyError(f"there are no media named {name!r}. Known: {', '.join(self.names())}")
        tracks = self._history.tracks
        return [MediaItem(entry) for key in keys for entry in tracks[key].kept]

    def __getitem__(self, name: str) -> list[MediaItem]:
        return self.of(name)

    def __iter__(self) -> Iterator[MediaItem]:
        for key in self._ordered():
            yield from map(MediaItem, self._history.tracks[key].kept)

    def __len__(self) -> int:
        return sum(self.counts.values())

    @property
    def counts(self) -> Mapping[str, int]:
        """How many entries there are of each kind."""
        found: dict[str, int] = {}
        for kind, name in self._ordered():
            found[kind] = found.get(kind, 0) + len(self._history.tracks[kind, name].kept)
        return found

    def _ordered(self) -> list[tuple[str, str]]:
        return sorted(self._history.tracks, key=lambda key: KINDS.index(key[0]))

    def __repr__(self) -> str:
        counts = ", ".join(f"{number} {kind}" for kind, number in self.counts.items())
        return f"<RunMedia: {counts or 'nothing'}>"
