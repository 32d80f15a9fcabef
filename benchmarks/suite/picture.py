"""A picture of all rows that have a target."""

import json
import subprocess

from .measuring import Figure
from .peers import WORKERS, PeerMissingError, python_of
from .results import FOLDER


def draw(found: list[tuple[Figure, dict[str, object]]]) -> None:
    """Write `results/targets.svg`: each value as a share of its target, on a logarithmic scale."""
    bars = [bar for figure, _ in found for bar in _bars(figure)]
    try:
        python = python_of("suite")
    except PeerMissingError as error:
        print(f"no picture: {error}")
        return
    subprocess.run(
        [python, WORKERS / "draw_targets.py", FOLDER / "targets.svg"],
        input=json.dumps(bars),
        text=True,
        check=True,
    )


def _bars(figure: Figure) -> list[tuple[str, float, bool]]:
    """Return name, share of the target (for a lower bound the inverse), and whether it is met."""
    bars = []
    for row in figure.rows:
        if row.target is None:
            continue
        sign, bound, unit, *_ = [*row.target.split(" "), ""]
        if not float(bound):
            continue
        value = row.ratio.median if unit == "×" and row.ratio else row.value.median
        used = value / float(bound) if sign == "≤" else float(bound) / value if value else 100.0
        title = f"{figure.title.split(' · ')[0]} · {row.subject}"
        bars.append((title, max(used, 0.01), bool(row.is_met)))
    return bars
