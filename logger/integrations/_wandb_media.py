"""W&B's data types: `wandb.Image`, `Histogram`, `Table` and `Audio`, as far as scripts use them."""

from collections.abc import Sequence
from copy import copy
from typing import Any

from ml_tracking_ops.logger.media.encoding.tables import cells_of
from ml_tracking_ops.logger.media.kinds import MOST_TABLE_ROWS
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ._wandb_overlays import painted
from ._wandb_pixels import with_shares

_MOST_BINS = 512


class Image:
    """An image. Its masks and boxes are painted into further images, `NAME/KEY`.

    Args:
        data_or_path: an array (height, width, channels) of 0…255 or 0…1, a PIL image, a tensor
            (channels first), a figure, or a path.
        classes: names of classes, where masks and boxes have none: `[{"id": 1, "name": "car"}]`.
        boxes, masks: by key, as W&B takes them: `{"predictions": {"box_data": […]}}`.
    """

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Any = None,
        boxes: Any = None,
        masks: Any = None,
        **_: Any,
    ) -> None:
        self.data = with_shares(data_or_path)
        self.caption = caption
        self.classes = classes
        self.boxes = boxes
        self.masks = masks

    def log(self, writer: ExperimentLogger, name: str, step: int) -> None:
        """Log it as an image."""
        if callable(getattr(self.data, "savefig", None)):
            writer.add_figure(name, self.data, step, caption=self.caption, close=False)
        else:
            writer.add_image(name, self.data, step, caption=self.caption)
        for key, pixels, caption in painted(self.data, self.masks, self.boxes, self.classes):
            writer.add_image(f"{name}/{key}", pixels, step, caption=caption)


class Histogram:
    """Counts of values, computed here or by `numpy.histogram`."""

    MAX_LENGTH = _MOST_BINS

    def __init__(
        self,
        sequence: Any = None,
        np_histogram: "tuple[Any, Any] | None" = None,
        num_bins: int = 64,
    ) -> None:
        if (sequence is None) == (np_histogram is None):
            raise ValueError("wandb.Histogram takes a sequence or an np_histogram")
        self.caption: str | None = None
        self.sequence = sequence
        self.np_histogram = np_histogram
        self.num_bins = min(num_bins, _MOST_BINS)

    def log(self, writer: ExperimentLogger, name: str, step: int) -> None:
        """Log it as a histogram."""
        if self.np_histogram is None:
            writer.add_histogram(name, self.sequence, step, bins=self.num_bins)
            return
        counts, edges = ([float(one) for one in part] for part in self.np_histogram)
        writer.add_counts(name, counts, edges, step)


class Audio:
    """A sound: samples with their rate, or a path."""

    def __init__(
        self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        self.data = data_or_path
        self.sample_rate = sample_rate
        self.caption = caption

    def log(self, writer: ExperimentLogger, name: str, step: int) -> None:
        """Log it as audio."""
        rate = None if self.sample_rate is None else int(self.sample_rate)
        writer.add_audio(name, self.data, step, sample_rate=rate, caption=self.caption)


class Table:
    """A table that rows are added to.

    Images, sounds and histograms in its cells are logged as `NAME/COLUMN`, each with its row as
    caption if it has none. The cell holds the caption.

    Attributes:
        columns: their names.
        data: its rows.
    """

    def __init__(
        self,
        columns: "Sequence[str] | None" = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        **_: Any,
    ) -> None:
        given = dataframe if dataframe is not None else data if data is not None else rows
        if given is None:
            self.columns = list(columns) if columns is not None else ["Input", "Output", "Expected"]
            self.data: list[list[Any]] = []
            return
        names, cells = cells_of(given, columns, has_labels=False)[:2]
        self.columns, self.data = list(map(str, names)), [list(row) for row in cells]

    def add_data(self, *row: Any) -> None:
        """Add a row.

        Raises:
            ValueError: it does not have a cell for each column.
        """
        if len(row) != len(self.columns):
            raise ValueError(
                f"this table has {len(self.columns)} columns, but got {len(row)} cells"
            )
        self.data.append(list(row))

    def add_column(self, name: str, data: Any) -> None:
        """Add a column.

        Raises:
            ValueError: it is not as long as the table.
        """
        cells = list(data)
        if self.data and len(cells) != len(self.data):
            raise ValueError(f"this table has {len(self.data)} rows, but got {len(cells)} cells")
        self.data = self.data or [[] for _ in cells]
        for row, cell in zip(self.data, cells, strict=True):
            row.append(cell)
        self.columns.append(name)

    def log(self, writer: ExperimentLogger, name: str, step: int) -> None:
        """Log the table as it is now."""
        rows = [list(row) for row in self.data]
        for number, row in enumerate(rows[:MOST_TABLE_ROWS]):
            for place, cell in enumerate(row):
                if isinstance(cell, _IN_CELLS):
                    caption = getattr(cell, "caption", None) or f"row {number + 1}"
                    captioned = copy(cell)
                    captioned.caption = caption
                    captioned.log(writer, f"{name}/{self.columns[place]}", step)
                    row[place] = caption
        writer.add_table(name, rows, step, columns=self.columns)


MEDIA = (Image, Histogram, Audio, Table)
_IN_CELLS = (Image, Histogram, Audio)
