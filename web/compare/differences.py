"""The settings that runs share, and those that differ. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..runs.formats import format_long, format_number

NOT_SET = "not set"
_NOTHING = object()


@dataclass(frozen=True)
class SettingCell:
    """The value of a setting in one run. `differs`: from that of the baseline."""

    text: str
    title: str
    is_set: bool = True
    differs: bool = False


@dataclass(frozen=True)
class SettingRow:
    """A setting, with a cell for each run."""

    name: str
    cells: tuple[SettingCell, ...]
    is_equal: bool


@dataclass(frozen=True)
class SettingRows:
    """The settings that are shown, and the number of each kind."""

    shown: tuple[SettingRow, ...]
    n_equal: int
    n_different: int
    equal_names: tuple[str, ...] = ()


def compare_settings(
    settings: Sequence[Mapping[str, Any]], baseline: int, *, has_equal: bool
) -> SettingRows:
    """Return a row for each setting of any run, in the order of their first occurrence.

    Args:
        baseline: which of the runs the others are compared with.
        has_equal: whether settings that are the same for all are shown too.
    """
    names = dict.fromkeys(name for one in settings for name in one)
    rows = [_row(name, [one.get(name, _NOTHING) for one in settings], baseline) for name in names]
    equal = [row for row in rows if row.is_equal]
    return SettingRows(
        tuple(row for row in rows if has_equal or not row.is_equal),
        len(equal),
        len(rows) - len(equal),
        tuple(row.name for row in equal),
    )


def _row(name: str, values: Sequence[object], baseline: int) -> SettingRow:
    expected = values[baseline]
    is_like = [_is_same(value, expected) for value in values]
    cells = (_cell(value, not same) for value, same in zip(values, is_like, strict=True))
    return SettingRow(name, tuple(cells), len(values) > 1 and all(is_like))


def _cell(value: object, differs: bool) -> SettingCell:
    if value is _NOTHING:
        return SettingCell(NOT_SET, "", False, differs)
    return SettingCell(format_number(value), format_long(value, 2_000), True, differs)


def _is_same(value: object, other: object) -> bool:
    """Return whether two values are the same: 1 is 1.0, but neither is `True`. NaN is NaN."""
    if isinstance(value, bool) != isinstance(other, bool):
        return False
    return value == other or (value != value and other != other)
