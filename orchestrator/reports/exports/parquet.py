"""`export --format parquet`: columns for other tools, written by pyarrow, which is an extra."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger.reading.reader import Series
from ml_tracking_ops.logger.results.tables import as_columns

from ...errors import UsageError
from ..shapes import SweepReport
from .run_tables import exported_run_rows


def sweep_columns(report: SweepReport) -> dict[str, list[Any]]:
    """Return a row for each run of a sweep, like `exported_run_rows`."""
    return as_columns(exported_run_rows(report))


def write_run(log: Mapping[str, Series], path: Path) -> None:
    """Write a run's points: `metric`, `step`, `wall_time`, `value`.

    Raises:
        UsageError: pyarrow is not installed.
        OSError: the file cannot be written.
    """
    import numpy as np

    parts = list(log.items())
    empty: dict[str, Any] = {"step": np.zeros(0, np.int64)}
    columns: dict[str, Any] = {
        "metric": [name for name, series in parts for _ in range(len(series.step))],
        "step": np.concatenate([series.step for _, series in parts] or [empty["step"]]),
        "wall_time": np.concatenate([series.wall_time for _, series in parts] or [np.zeros(0)]),
        "value": np.concatenate([series.value for _, series in parts] or [np.zeros(0)]),
    }
    write_columns(columns, path)


def write_columns(columns: Mapping[str, Any], path: Path) -> None:
    """Write columns as a Parquet file.

    Raises:
        UsageError: pyarrow is not installed.
        OSError: the file cannot be written.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "parquet files are written by pyarrow, which is not installed: "
            "pip install 'ml-tracking-ops[parquet]'"
        ) from None
    pyarrow.parquet.write_table(pyarrow.table(dict(columns)), path)
