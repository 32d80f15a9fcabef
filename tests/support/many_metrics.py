"""A log of very many metrics, as of a script that puts numbers into names."""

from pathlib import Path

from ml_tracking_ops.logger.records import encode_header, encode_name, encode_scalar, metric_id


def write_many_metrics(path: Path, n_metrics: int) -> None:
    """Write a value of each metric at step 0, and one more of the first and the last."""
    names = [f"metric {n}" for n in range(n_metrics)]
    parts = [
        encode_name(metric_id(name), name) + encode_scalar(metric_id(name), 0, 1e9, float(n))
        for n, name in enumerate(names)
    ]
    more = [encode_scalar(metric_id(name), 1, 1e9, -1.0) for name in (names[0], names[-1])]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join([encode_header(1e9), *parts, *more]))
