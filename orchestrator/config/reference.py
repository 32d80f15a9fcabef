"""The reference page of the configuration, generated from the types of its keys.

`scripts/write-reference` writes it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..executors.registry import engine_settings
from ..search.distributions import Distribution
from ..search.settings import Confirm, Repeats, SearchSettings
from ..search.space import Hyperparameter
from ..setting_types import allowed_text, kinds_of
from ..stopping.settings import RuleSettings
from .model import SweepConfig
from .places import field_keys

_INTRODUCTION = """\
# Configuration

<!-- Written by scripts/write-reference: change the code, not this page. -->

Every key of `experiment_cfg.json`. `ml-tracking-ops schema` prints the same as a JSON Schema, with
which an editor completes and checks the file. The pages on [search](searching.md),
[stopping rules](stopping.md), [how runs are started](running.md) and [Slurm](slurm.md) explain
the keys.
"""
_HEADER = "| key | value | default | |\n| --- | --- | --- | --- |\n"


def reference_page() -> str:
    """Return the page in Markdown."""
    return "\n".join([_INTRODUCTION, *_groups(), *_nested()])


def _groups() -> Iterator[str]:
    """Yield the top-level keys of the file, grouped by topic."""
    yield f"## The sweep\n\n{_table(_own_keys(SweepConfig))}"
    for model in SweepConfig.__mro__[1:]:
        if issubclass(model, BaseModel) and model is not BaseModel:
            heading = (model.__doc__ or "").partition("\n")[0].rstrip(".")
            yield f"## {heading}\n\n{_table(_own_keys(model))}"


def _nested() -> Iterator[str]:
    """Yield the keys of the objects inside."""
    yield f"## Keys of `repeats`\n\n{_table(field_keys(Repeats))}"
    yield f"## Keys of `confirm`\n\n{_table(field_keys(Confirm))}"
    yield "## Samplers\n"
    yield from _kinds(SearchSettings.model_fields["sampler"])
    common = field_keys(Distribution)
    yield f"## Hyperparameters\n\nEvery `type` takes:\n\n{_table(common)}"
    yield from _kinds(Hyperparameter, common)
    yield "## Rules\n"
    yield from _kinds(RuleSettings)
    yield "## Engines\n"
    for name, engine in engine_settings().items():
        yield f"### `{name}`\n\n{_paragraph(engine)}\n\n{_table(field_keys(engine))}"


def _kinds(union: Any, common: Collection[str] = ()) -> Iterator[str]:
    kinds = kinds_of(union)
    if kinds is None:
        raise TypeError(f"{union} has no kinds")
    for name, model in kinds.models.items():
        left_out = {kinds.tag, *common}
        keys = {key: field for key, field in field_keys(model).items() if key not in left_out}
        yield f"### `{name}`\n\n{_paragraph(model)}\n" + (f"\n{_table(keys)}" if keys else "")


def _paragraph(model: type[BaseModel]) -> str:
    """Return the first paragraph of a docstring, on one line."""
    return " ".join((model.__doc__ or "").partition("\n\n")[0].split())


def _own_keys(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Return the keys that a model declares itself."""
    names = model.__annotations__
    return {
        name: field
        for name, field in model.model_fields.items()
        if name in names and field.alias is None
    }


def _table(keys: Mapping[str, FieldInfo]) -> str:
    return _HEADER + "".join(map(_row, keys.items()))


def _row(entry: tuple[str, FieldInfo]) -> str:
    key, field = entry
    cells = (f"`{key}`", allowed_text(field), _default(field), field.description or "")
    return f"| {' | '.join(_escaped(cells))} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_none=True)
    return "–" if value is None else f"`{json.dumps(value)}`"


def _escaped(cells: Iterable[str]) -> Iterator[str]:
    """Escape the content of a cell so that it does not end the cell."""
    return (cell.replace("|", "\\|") for cell in cells)
