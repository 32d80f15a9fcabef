"""Rows of tables as tests need them."""

from typing import Any

from ml_tracking_ops.web.tables.rows import Row


def row(index: int, **changes: Any) -> Row:
    """Return a finished run. `changes` are fields of the row."""
    facts: dict[str, Any] = {
        "id": f"s/r{index}",
        "index": index,
        "name": f"r{index}",
        "state": "finished",
        "hyperparameters": {},
        "started_at": 100.0 + index,
        "ended_at": 200.0 + index,
        **changes,
    }
    return Row(**facts)
