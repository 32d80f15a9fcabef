"""The calls of `ExperimentLogger` for everything that is no number: `add_image` and the others."""

import time

from .keeping import ALL, Keep, parse_keep
from .kinds import AUDIO, HISTOGRAM, IMAGE, MOST_TEXT_BYTES, TABLE, TEXT

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, SupportsIndex

    from ..notices import NoticePrinter
    from .encoding.images import EncodedImage
    from .writer import MediaWriter

    Files = Mapping[str, tuple[bytes, str]]

_INLINE_BYTES = 4_000
_MOST_CAPTION = 2_000


class EntryTarget:
    """What and when something belongs to, checked."""

    __slots__ = ("keep", "kind", "name", "step", "wall_time")

    def __init__(
        self, kind: str, name: str, step: int, keep: Keep, wall_time: float | None
    ) -> None:
        self.kind = kind
        self.name = name
        self.step = step
        self.keep = keep
        self.wall_time = wall_time


class MediaLogging:
    """Images, figures, text, histograms, tables and audio of a run.

    Each call returns when what it was given is in the run's folder and its line in the index beside
    the log: `kill -9` loses nothing. Equal bytes are kept once. A wrong argument raises. A full
    disk and a budget that is used up do not: the logger says so, and continues.

    All calls take `keep`, which thins: `"every 100"` keeps the steps that are multiples of 100,
    `"last 5"` the last five steps that were logged, and `wall_time`, in seconds since the epoch,
    for what was made earlier.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        _notices: NoticePrinter

        def _check_media(self, name: str, step: SupportsIndex) -> tuple[str, int] | None:
            """Name and step, or None if this process writes nothing."""

        def _media_writer(self) -> MediaWriter | None:
            """The writer, or None if the run's folder cannot be written."""

        def _drop_media(self, error: OSError) -> None:
            """Count and say what could not be written."""

    def add_image(
        self,
        name: str,
        image: "Any",
        step: "SupportsIndex",
        *,
        caption: str | None = None,
        dataformats: str | None = None,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log an image.

        Args:
            image: bytes of a PNG, JPEG, WebP or GIF file, or its path (stored unchanged), a PIL
                image, a numpy array or torch tensor of uint8 or of floats from 0 to 1, or a
                batch or list of arrays, which becomes a grid.
            dataformats: the dimensions of an array as in TensorBoard: HW, HWC, CHW, NHW, NHWC or
                NCHW. By default it is inferred from the shape. Where both ends could be channels, a
                tensor has them first and an array last.

        Raises:
            TypeError, ValueError: an argument is of the wrong kind, or the logger is closed.
            OSError: the file of a path cannot be read.
        """
        place = self._media_place(IMAGE, name, step, keep, wall_time)
        if place is None:
            return
        from .encoding.images import encode_image

        found = encode_image(image, dataformats)
        if found.is_cut:
            self._notices.say_once(
                f"add_image({name!r}, …): values outside of 0…1 (or 0…255) are cut off"
            )
        self._add_encoded(place, found, caption)

    def add_figure(
        self,
        name: str,
        figure: "Any",
        step: "SupportsIndex",
        *,
        svg: bool = False,
        close: bool = True,
        caption: str | None = None,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log a matplotlib figure as an image.

        Args:
            svg: keep it as SVG besides, which stays sharp at every size.
            close: the figure, as TensorBoard does: pyplot keeps figures in memory otherwise.

        Raises:
            TypeError: it is no figure, or as `add_image`.
        """
        place = self._media_place(IMAGE, name, step, keep, wall_time)
        if place is not None:
            from .encoding.images import encode_figure

            self._add_encoded(place, encode_figure(figure, svg=svg), caption)
        if close:
            from .encoding.figures import close_figure

            close_figure(figure)

    def add_text(
        self,
        name: str,
        text: str,
        step: "SupportsIndex",
        *,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log a text. The dashboard shows it as Markdown. Of more than 1 MiB the beginning is kept.

        Raises:
            TypeError: it is no text, or as `add_image`.
        """
        place = self._media_place(TEXT, name, step, keep, wall_time)
        if place is None:
            return
        if not isinstance(text, str):
            raise TypeError(f"add_text takes a text, not {type(text).__qualname__}: str(value)")
        data = text.encode("utf-8", "replace")
        if len(data) > MOST_TEXT_BYTES:
            self._notices.say_once(f"add_text({name!r}, …): only the first MiB of a text is kept")
            data = data[:MOST_TEXT_BYTES]
        if len(data) <= _INLINE_BYTES:
            self._write_media(place, {"text": data.decode("utf-8", "ignore")}, {})
        else:
            self._write_media(place, {}, {"file": (data, ".txt")})

    def add_histogram(
        self,
        name: str,
        values: "Any",
        step: "SupportsIndex",
        *,
        bins: "int | Sequence[float]" = 64,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log how values are distributed: counts, and exact minimum, maximum, mean and number.

        Args:
            values: numbers in a list, an array or a tensor of any shape. NaN and infinities are
                counted apart.
            bins: how many of equal width between minimum and maximum, up to 1,000, or their edges.

        Raises:
            TypeError, ValueError: as `add_image`.
        """
        place = self._media_place(HISTOGRAM, name, step, keep, wall_time)
        if place is None:
            return
        from .encoding.histograms import summarize_values

        self._write_media(place, summarize_values(values, bins), {})

    def add_counts(
        self,
        name: str,
        counts: "Sequence[float]",
        edges: "Sequence[float]",
        step: "SupportsIndex",
        *,
        number: int | None = None,
        minimum: float | None = None,
        maximum: float | None = None,
        mean: float | None = None,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log a histogram that was counted already, as by `numpy.histogram`.

        Args:
            counts: of values between an edge and the next.
            edges: ascending, one more than counts.
            number, minimum, maximum, mean: of the values, by default as the counts tell them.

        Raises:
            TypeError, ValueError: as `add_image`.
        """
        place = self._media_place(HISTOGRAM, name, step, keep, wall_time)
        if place is None:
            return
        from .encoding.counts import summary_of_counts

        found = summary_of_counts(counts, edges, number, minimum, maximum, mean)
        self._write_media(place, found, {})

    def add_table(
        self,
        name: str,
        rows: "Any",
        step: "SupportsIndex",
        *,
        columns: "Sequence[str] | None" = None,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log a table. The first 10,000 rows are kept, and how many there were.

        Args:
            rows: a list of dicts, a dict of columns, a pandas or polars data frame, or a list of
                lists.
            columns: the names of the columns, where `rows` does not say them.

        Raises:
            TypeError, ValueError: as `add_image`.
        """
        place = self._media_place(TABLE, name, step, keep, wall_time)
        if place is None:
            return
        from .encoding.tables import table_of

        table = table_of(rows, columns)
        data = table.encode()
        n_kept = len(table.rows)
        if n_kept < table.n_rows:
            self._notices.say_once(
                f"add_table({name!r}, …): the first {n_kept} of {table.n_rows} rows are kept"
            )
        sizes: dict[str, object] = {
            "rows": n_kept,
            "of_rows": table.n_rows,
            "columns": len(table.columns),
        }
        self._write_media(place, sizes, {"file": (data, ".json")})

    def add_audio(
        self,
        name: str,
        audio: "Any",
        step: "SupportsIndex",
        *,
        sample_rate: int | None = None,
        caption: str | None = None,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log a sound.

        Args:
            audio: bytes of a WAV, FLAC, Ogg or MP3 file, or its path, or samples: floats from -1 to
                1 or whole numbers of 16 bits, shape (n,), (n, channels) or (channels, n).
            sample_rate: of samples, in Hz.

        Raises:
            TypeError, ValueError, OSError: as `add_image`.
        """
        place = self._media_place(AUDIO, name, step, keep, wall_time)
        if place is None:
            return
        from .encoding.audio import encode_audio

        found = encode_audio(audio, sample_rate)
        about = _captioned({} if found.seconds is None else {"seconds": found.seconds}, caption)
        self._write_media(place, about, {"file": (found.data, found.suffix)})

    def _add_encoded(self, place: EntryTarget, found: "EncodedImage", caption: str | None) -> None:
        size: dict[str, object] = {"width": found.content.width, "height": found.content.height}
        files = {"file": (found.data, found.content.suffix)}
        if found.svg is not None:
            files["svg"] = found.svg, ".svg"
        self._write_media(place, _captioned(size, caption), files)

    def _media_place(
        self, kind: str, name: str, step: "SupportsIndex", keep: str | None, wall_time: float | None
    ) -> EntryTarget | None:
        """Where something goes, or None if it is not written at all."""
        checked = self._check_media(name, step)
        rule = ALL if keep is None else parse_keep(keep)
        if checked is None:
            return None
        if not rule.wants(checked[1]):
            self._notices.say_once(
                f"{kind} {name!r}: only steps that are multiples of {rule.every} are kept"
            )
            return None
        return EntryTarget(kind, checked[0], checked[1], rule, wall_time)

    def _write_media(self, place: EntryTarget, about: "dict[str, object]", files: "Files") -> None:
        writer = self._media_writer()
        if writer is None:
            return
        at = time.time() if place.wall_time is None else float(place.wall_time)
        entry: dict[str, object] = {
            "kind": place.kind,
            "name": place.name,
            "step": place.step,
            "time": at,
            **about,
        }
        try:
            writer.add(entry, files, place.keep)
        except OSError as error:
            self._drop_media(error)


def _captioned(about: "dict[str, object]", caption: object) -> "dict[str, object]":
    if caption is not None:
        text = str(caption).encode("utf-8", "replace").decode()
        about["caption"] = text[:_MOST_CAPTION]
    return about
