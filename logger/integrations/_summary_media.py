"""The calls of `SummaryWriter` for everything but scalars. The arguments are those of torch's."""

from ml_tracking_ops.logger.given import as_whole
from ml_tracking_ops.logger.media.kinds import MOST_BINS
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_BINS = 64


class SummaryMedia:
    """Images, figures, texts, histograms and audio of a `SummaryWriter`."""

    if TYPE_CHECKING:
        _writer: ExperimentLogger

        def _step(self, tag: str, global_step: "int | None") -> int:
            """Return the step of a call. Calls without a step are counted by tag."""

    def add_image(
        self,
        tag: str,
        img_tensor: "Any",
        global_step: "int | None" = None,
        walltime: "float | None" = None,
        dataformats: str = "CHW",
    ) -> None:
        """Log an image."""
        formats = dataformats if hasattr(img_tensor, "shape") else None
        step = self._step(tag, global_step)
        self._writer.add_image(tag, img_tensor, step, dataformats=formats, wall_time=walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: "Any",
        global_step: "int | None" = None,
        walltime: "float | None" = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Log a batch of images as a grid."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_figure(
        self,
        tag: str,
        figure: "Any",
        global_step: "int | None" = None,
        close: bool = True,
        walltime: "float | None" = None,
    ) -> None:
        """Log a matplotlib figure, or each of a list of them."""
        step = self._step(tag, global_step)
        for one in figure if isinstance(figure, list) else [figure]:
            self._writer.add_figure(tag, one, step, close=close, wall_time=walltime)

    def add_text(
        self,
        tag: str,
        text_string: "Any",
        global_step: "int | None" = None,
        walltime: "float | None" = None,
    ) -> None:
        """Log a text."""
        step = self._step(tag, global_step)
        self._writer.add_text(tag, str(text_string), step, wall_time=walltime)

    def add_histogram(
        self,
        tag: str,
        values: "Any",
        global_step: "int | None" = None,
        bins: "str | int | Sequence[float]" = "tensorflow",
        walltime: "float | None" = None,
        max_bins: "int | None" = None,
    ) -> None:
        """Log a histogram of 64 bins, unless `bins` is a number or edges. Above 1,000 bins, several
        are counted as one."""
        found = _BINS if isinstance(bins, str) else _as_many_as_are_kept(bins)
        step = self._step(tag, global_step)
        self._writer.add_histogram(tag, values, step, bins=found, wall_time=walltime)

    def add_histogram_raw(
        self,
        tag: str,
        min: float,
        max: float,
        num: int,
        sum: float,
        sum_squares: float,
        bucket_limits: "Sequence[float]",
        bucket_counts: "Sequence[float]",
        global_step: "int | None" = None,
        walltime: "float | None" = None,
    ) -> None:
        """Log a histogram whose bins are already counted. `bucket_limits` are the upper edges."""
        self._writer.add_counts(
            tag,
            [float(count) for count in bucket_counts],
            [float(min), *(float(limit) for limit in bucket_limits)],
            self._step(tag, global_step),
            number=int(num),
            minimum=float(min),
            maximum=float(max),
            mean=float(sum) / float(num) if num else 0.0,
            wall_time=walltime,
        )

    def add_audio(
        self,
        tag: str,
        snd_tensor: "Any",
        global_step: "int | None" = None,
        sample_rate: int = 44100,
        walltime: "float | None" = None,
    ) -> None:
        """Log a sound."""
        step = self._step(tag, global_step)
        self._writer.add_audio(tag, snd_tensor, step, sample_rate=sample_rate, wall_time=walltime)


def _as_many_as_are_kept(bins: "int | Sequence[float]") -> "int | Sequence[float]":
    """Return fewer bins if there are more than the logger keeps: TensorBoard has no limit."""
    number = as_whole(bins)
    if number is not None:
        return min(number, MOST_BINS)
    edges = list(bins)  # type: ignore[arg-type]
    size = -(-(len(edges) - 1) // MOST_BINS) or 1
    return [*edges[:-1:size], *edges[-1:]]
