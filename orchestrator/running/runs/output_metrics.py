"""Metrics of scripts that cannot be changed: read from their output, into a real `.dat`."""

import json
import time
from collections import Counter, deque
from pathlib import Path

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ...config.model import SweepConfig
from ...output.lines import LONGEST_LINE_BYTES, OutputLines
from ...output.parser import LineParser
from ...store.files.output_tail import collapse_line
from ...supervision import output_limit

LOOK_LIMIT_S = 0.05
FINISH_LIMIT_S = 2.0
_LINES_SHOWN = 5
_SHOWN_CHARACTERS = 120


class OutputMetrics:
    """Follows a run's `.log` and writes the metrics that it finds there to the run's `.dat`.

    A value whose line has no step gets the count of its metric's values so far, from 1. Values that
    the `.dat` already holds, since an earlier orchestrator wrote them, are skipped.

    Attributes:
        notes: messages for users about output that was not read: kind and text, each kind once.
    """

    def __init__(
        self,
        log_path: Path,
        dat_path: Path,
        pattern: str,
        kept_bytes: int = output_limit.KEPT_BYTES,
    ) -> None:
        self._pattern = pattern
        self._parser = LineParser(pattern)
        self._lines = OutputLines(log_path, kept_bytes)
        self._name = log_path.stem
        known = count_values(dat_path)
        self._n_known = known.total()
        self._writer = ExperimentLogger.at(dat_path)
        self._counts: Counter[str] = Counter()
        self._waiting: deque[bytes] = deque()
        self._has_more = False
        self._n_lines = 0
        self._first_line_at: float | None = None
        self._seen: deque[str] = deque(maxlen=_LINES_SHOWN)
        self.notes: deque[tuple[str, str]] = self._parser.notes
        if known and self._lines.skip_to_end():
            # it is not known which of the values were in the lost part
            self._counts, self._n_known = known, 0
            self._note("resumed", "what it printed while nobody read it is lost")

    @property
    def has_only_misses(self) -> bool:
        """Whether lines were printed and none of them held a metric."""
        return self._n_lines > 0 and not self._counts

    @property
    def missing_s(self) -> float:
        """How long lines have been coming without a metric in any of them."""
        if self._first_line_at is None or not self.has_only_misses:
            return 0.0
        return time.monotonic() - self._first_line_at

    def read(self) -> bool:
        """Take in a bounded part of the new output, and return whether there is more."""
        if not self._waiting:
            lines, self._has_more = self._lines.read()
            self._waiting.extend(lines)
            self._note_losses()
        until = time.monotonic() + LOOK_LIMIT_S
        while self._waiting and time.monotonic() < until:
            self._take(self._waiting.popleft())
        return bool(self._waiting) or self._has_more

    def finish(self) -> None:
        """Take in the rest, including a last line without an end, and close the `.dat`."""
        limit_s = self._parser.spent_s + FINISH_LIMIT_S
        while self.read():
            if self._parser.spent_s > limit_s:
                self._note("late", "the metrics_pattern is too slow: the last output is not read")
                break
        else:
            for line in self._lines.rest():
                self._take(line)
        if self._lines.n_lost_bytes:
            self._note(f"lost {self._name}", f"{self._lines.n_lost_bytes} bytes {_LOST}")
        self._writer.close()

    def explain_misses(self) -> str:
        """Return a message for users if the pattern finds nothing."""
        lines = "1 line" if self._n_lines == 1 else f"{self._n_lines} lines"
        seen = "".join(f"\n  | {line.expandtabs(4)[:_SHOWN_CHARACTERS]}" for line in self._seen)
        return (
            f"printed {lines}, none of which matches the metrics_pattern "
            f"{json.dumps(self._pattern, ensure_ascii=False)}. Try another one with "
            f"ml-tracking-ops metrics-preview FILE --pattern P. The last lines seen:{seen}"
        )

    def _note_losses(self) -> None:
        if self._lines.n_lost_bytes:
            self._note("lost", f"some bytes {_LOST}")
        if self._lines.n_long_lines:
            self._note(
                "long",
                f"a line longer than {LONGEST_LINE_BYTES} bytes is not read for metrics",
            )

    def _note(self, kind: str, text: str) -> None:
        self._parser.note(kind, text)

    def _take(self, raw: bytes) -> None:
        line = collapse_line(raw.decode("utf-8", "replace"))
        if not line.strip():
            return
        self._n_lines += 1
        self._seen.append(line)
        if self._first_line_at is None:
            self._first_line_at = time.monotonic()
        for name, value, step in self._parser.parse(line):
            self._counts[name] += 1
            if self._n_known:
                self._n_known -= 1
                continue
            self._writer.add_scalar(name, value, self._counts[name] if step is None else step)


_LOST = "of the output were cut out before they could be read: values may be missing"


def count_values(dat_path: Path) -> Counter[str]:
    """Return how many values of each metric a log holds."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError, read_log

    try:
        log = read_log(dat_path)
    except (OSError, LogFormatError):
        return Counter()
    return Counter({name: len(series.step) for name, series in log.items()})


def open_output(dat_path: Path, config: SweepConfig) -> OutputMetrics | None:
    """Return the reader of a run's output, if the configuration requires one."""
    if config.metrics_from != "stdout" or config.metrics_pattern is None:
        return None
    log_path = dat_path.with_suffix(paths.LOG_SUFFIX)
    return OutputMetrics(log_path, dat_path, config.metrics_pattern)
