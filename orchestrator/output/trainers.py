"""The outputs of common training libraries, by the library's name.

Each finder takes the lines of one output in order, and returns the metrics of a line as pairs of a
name and a value. `step` is the step of the others.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from .numbers import parse_number, value_at
from .pairs import STEP, find_pairs

Finder = Callable[[str], Iterable[tuple[str, float]]]

_QUOTED = re.compile(r"(['\"])(?P<name>[^'\"]+)\1:")


def transformers_finder() -> Finder:
    """Yield the numbers of a line of Hugging Face's Trainer: `{'loss': 0.5, 'grad_norm': 1.2,
    'learning_rate': 5e-05, 'epoch': 0.1}`, even after a progress bar."""

    def find(line: str) -> Iterator[tuple[str, float]]:
        start = line.find("{")
        if start < 0 or "'epoch':" not in line[start:]:
            return
        for found in _QUOTED.finditer(line, start):
            value = value_at(line, found.end())
            if value is not None:
                yield found["name"], value.number

    return find


_EPOCH = re.compile(r"^Epoch (\d+)(?:/\d+|:)")
_LAST_BATCH = re.compile(r"^(\d+)/\1 .*?- ")


def keras_finder() -> Finder:
    """Yield the metrics of the line that ends each epoch: `938/938 - 2s - accuracy: 0.9 - val_loss:
    0.3`.

    The step is the epoch. Keras writes that line twice if it validates: the second has the
    validation's metrics as well.
    """
    epoch, known = 0.0, set[str]()

    def find(line: str) -> Iterator[tuple[str, float]]:
        nonlocal epoch
        heading = _EPOCH.match(line)
        if heading is not None:
            epoch = float(heading[1])
            known.clear()
        elif epoch and _LAST_BATCH.match(line):
            new = [pair for pair in find_pairs(line, ":") if pair[0] not in known]
            known.update(name for name, _ in new)
            yield from [(STEP, epoch), *new]

    return find


_ROUND = re.compile(r"^\[(\d+)\][\t ]+(?=\S)")
_ANNOUNCES_BEST = re.compile(r"(?i)best iteration(?: is)?:\s*$")


def _rounds_finder(part: re.Pattern[str]) -> Finder:
    """Yield the metrics of boosting rounds. The line that repeats the best round is left out."""
    repeats_best = False

    def find(line: str) -> Iterator[tuple[str, float]]:
        nonlocal repeats_best
        found = _ROUND.match(line)
        if found is None:
            repeats_best = _ANNOUNCES_BEST.search(line) is not None
            return
        if not repeats_best:
            pairs = [
                (p["name"], parse_number(p["value"])) for p in part.finditer(line, found.end())
            ]
            if pairs:
                yield STEP, float(found[1])
            yield from ((name, value) for name, value in pairs if value is not None)
        repeats_best = False

    return find


def lightgbm_finder() -> Finder:
    """Find metrics in lines such as `[10]\\tvalid_0's l2: 0.5\\tvalid_0's auc: 0.7 + 0.01`."""
    return _rounds_finder(re.compile(r"(?P<name>[^\t]+'s [^\t:]+): (?P<value>\S+)"))


def xgboost_finder() -> Finder:
    """Find metrics in lines such as `[7]\\ttrain-rmse:0.5\\ttest-rmse:0.6+0.01`."""
    return _rounds_finder(re.compile(r"(?P<name>[^\s:]+-[^\s:]+):(?P<value>[^\s+]+)"))


_TABLE_EDGE = re.compile(r"^-{5,}$")
_TABLE_ROW = re.compile(r"^\|( +)(\S.*?) *\| *(.*?) *\|$")


def stable_baselines3_finder() -> Finder:
    """Yield the metrics of the table with `rollout/`, `time/` and `train/`. The step is
    `total_timesteps`."""
    section, rows = "", dict[str, float]()

    def find(line: str) -> Iterator[tuple[str, float]]:
        nonlocal section
        row = _TABLE_ROW.match(line)
        if row is not None:
            is_heading = row[2].endswith("/") and not row[3]
            section = row[2] if is_heading else section if len(row[1]) > 1 else ""
            value = None if is_heading else parse_number(row[3])
            if value is not None:
                rows[section + row[2]] = value
        elif _TABLE_EDGE.match(line):
            step = rows.pop("time/total_timesteps", None)
            yield from rows.items()
            if rows and step is not None:
                yield STEP, step
            section = ""
            rows.clear()

    return find


FINDERS: dict[str, Callable[[], Finder]] = {
    "transformers": transformers_finder,
    "keras": keras_finder,
    "lightgbm": lightgbm_finder,
    "xgboost": xgboost_finder,
    "stable_baselines3": stable_baselines3_finder,
}
