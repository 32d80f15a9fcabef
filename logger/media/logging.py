"""The calls of `ExperimentLogger` for everything but numbers: `add_image` and the others."""

import time

from .entry_target import EntryTarget, checked_time
from .keeping import ALL, parse_keep
from .kinds import AUDIO, HISTOGRAM, IMAGE, MOST_TEXT_BYTES, TABLE, TEXT

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, SupportsIndex

    from ..notices import NoticePrinter
    from .encoding.images import EncodedImage
    from .writer import MediaWriter

    Files = Mapping[str, tuple[bytes, str]]

_INLINE_BYTES = 4_000
_MOST_CAPTION = 2_000
_ORDERS = {
    IMAGE: "add_image(name, image, step)",
    TEXT: "add_text(name, text, step)",
    HISTOGRAM: "add_histogram(name, values, step)",
    TABLE: "add_table(name, rows, step)",
    AUDIO: "add_audio(name, audio, step)",
}
_ORDER_OF_FIGURES = "add_figure(name, figure, step)"
_ORDER_OF_COUNTS = "add_counts(name, counts, edges, step)"
_encode_image: "Callable[[Any, str | None], EncodedImage] | None" = None


class MediaLogging:
    """Images, figures, text, histograms, tables and audio of a run.

    Each call returns when its content is in the run's folder and its line is in the index beside
    the log: `kill -9` loses nothing. Equal bytes are kept once. A wrong argument raises. A full
    disk or a used-up budget does not: the logger warns and continues.

    All calls take `keep`, which thins: `"every 100"` keeps the steps that are multiples of 100,
    `"last 5"` the last five steps that were logged, and `wall_time`, in seconds since the epoch,
    for content made earlier.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        _notices: NoticePrinter

        def _check_media(
            self, kind: str, name: str, step: SupportsIndex, order: str
        ) -> tuple[str, int] | None:
            """Return name and step, or None if this process writes nothing."""

        def _media_writer(self) -> MediaWriter | None:
            """Return the writer, or None if the run's folder cannot be written."""

        def _drop_media(self, error: OSError) -> None:
            """Count what could not be written, and warn."""

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
                batch or a list of arrays or PIL images, which becomes a grid.
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
        found = _image_encoder()(image, dataformats)
        if found.is_cut:
            self._notices.warn_once(
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
            svg: keep it as SVG too, which is sharp at every size.
            close: close the figure afterwards, as TensorBoard does: pyplot keeps figures in memory
                otherwise.

        Raises:
            TypeError: it is no figure, or as `add_image`.
        """
        place = self._media_place(IMAGE, name, step, keep, wall_time, _ORDER_OF_FIGURES)
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
        """Log a text. The dashboard shows it as Markdown. A text is cut after 1 MiB.

        Raises:
            TypeError: it is not a string, or as `add_image`.
        """
        place = self._media_place(TEXT, name, step, keep, wall_time)
        if place is None:
            return
        if not isinstance(text, str):
            raise TypeError(f"add_text takes a string, not {type(text).__qualname__}: str(value)")
        data = text.encode("utf-8", "replace")
        if len(data) > MOST_TEXT_BYTES:
            self._notices.warn_once(f"add_text({name!r}, …): only the first MiB of a text is kept")
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
        bins: "SupportsIndex | Sequence[float]" = 64,
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
        number: "SupportsIndex | None" = None,
        minimum: float | None = None,
        maximum: float | None = None,
        mean: float | None = None,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log a histogram that is already counted, for example by `numpy.histogram`.

        Args:
            counts: of values between an edge and the next.
            edges: ascending, one more than counts.
            number, minimum, maximum, mean: of the values, by default estimated from the counts.

        Raises:
            TypeError, ValueError: as `add_image`.
        """
        place = self._media_place(HISTOGRAM, name, step, keep, wall_time, _ORDER_OF_COUNTS)
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
        """Log a table. The first 10,000 rows are kept, and the number of all rows.

        Args:
            rows: a list of dicts, a dict of columns, a pandas or polars data frame, or a list of
                lists.
            columns: the names of the columns, if `rows` has none.

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
            self._notices.warn_once(
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
        sample_rate: "SupportsIndex | None" = None,
        caption: str | None = None,
        keep: str | None = None,
        wall_time: float | None = None,
    ) -> None:
        """Log a sound.

        Args:
            audio: bytes of a WAV, FLAC, Ogg or MP3 file, or its path, or samples, shape (n,), (n,
                channels) or (channels, n): floats from -1 to 1, or whole numbers, whose type says
                how loud they are (uint8, int16, int32).
            sample_rate: of samples, in Hz.

        Raises:
            TypeError, ValueError, OSError: as `add_image`.
        """
        place = self._media_place(AUDIO, name, step, keep, wall_time)
        if place is None:
            return
        from .encoding.audio import encode_audio

        found = encode_audio(audio, sample_rate)
        if found.is_cut:
            self._notices.warn_once(
                f"add_audio({name!r}, …): samples outside of -1…1 (or of 16 bits) are cut off"
            )
        about = _captioned({} if found.seconds is None else {"seconds": found.seconds}, caption)
        self._write_media(place, about, {"file": (found.data, found.suffix)})

    def _add_encoded(self, place: EntryTarget, found: "EncodedImage", caption: str | None) -> None:
        size: dict[str, object] = {"width": found.content.width, "height": found.content.height}
        files = {"file": (found.data, found.content.suffix)}
        if found.svg is not None:
            files["svg"] = found.svg, ".svg"
        self._write_media(place, size if caption is None else _captioned(size, caption), files)

    def _media_place(
        self,
        kind: str,
        name: str,
        step: "SupportsIndex",
        keep: str | None,
        wall_time: float | None,
        order: str | None = None,
    ) -> EntryTarget | None:
        """Return where an entry goes, or None if it is not written at all."""
        checked = self._check_media(kind, name, step, order or _ORDERS[kind])
        rule = ALL if keep is None else parse_keep(keep)
        if checked is None:
            return None
        if not rule.wants(checked[1]):
            self._notices.warn_once(
                f"{kind} {name!r}: only steps that are multiples of {rule.every} are kept"
            )
            return None
        at = time.time() if wall_time is None else checked_time(wall_time)
        return EntryTarget(kind, checked[0], checked[1], rule, at)

    def _write_media(self, place: EntryTarget, about: "dict[str, object]", files: "Files") -> None:
        writer = self._media_writer()
        if writer is None:
            return
        try:
            writer.add(place, about, files)
        except OSError as error:
            self._drop_media(error)


def _image_encoder() -> "Callable[[Any, str | None], EncodedImage]":
    """Return `encode_image`. It is imported once, because an import statement takes 1 µs."""
    global _encode_image
    if _encode_image is None:
        from .encoding.images import encode_image

        _encode_image = encode_image
    return _encode_image


def _captioned(about: "dict[str, object]", caption: object) -> "dict[str, object]":
    if caption is not None:
        text = str(caption).encode("utf-8", "replace").decode()
        about["caption"] = text[:_MOST_CAPTION]
    return about
