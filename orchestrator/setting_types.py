"""Types of configuration keys, and the text that describes what a type allows.

Error messages and the reference page take their wording from here, so that a key is described once:
by its type and, if that is not enough, by an `Allowed` beside it.
"""

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

Positive = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
AboveZero = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
_MOST_QUOTED = 3


@dataclass(frozen=True)
class Allowed:
    """The text that describes what a key may hold, if its type alone is not clear."""

    text: str


MetricName = Annotated[Text, Allowed("the name of a metric that the script logs")]


@dataclass(frozen=True)
class Kinds:
    """An object of one of several kinds. The value of its key `tag` selects the kind."""

    tag: str
    models: Mapping[str, type[BaseModel]]


def allowed_text(kind: Any) -> str:
    """Return what a type allows, as in "must be …"."""
    base, notes = unwrap(kind)
    for note in notes:
        if isinstance(note, Allowed):
            return note.text
    kinds = kinds_of(kind)
    if kinds is not None:
        return f"an object with a {kinds.tag} ({', '.join(kinds.models)})"
    if get_origin(base) is Literal:
        return _one_of(get_args(base))
    if base is int:
        return f"a whole number{_bounds(notes)}"
    if base is float:
        return f"a number{_bounds(notes)}" if _bounds(notes) else "a finite number"
    if isinstance(base, type) and issubclass(base, BaseModel):
        return "an object"
    return _PLAIN.get(get_origin(base) or base, "a JSON value")


_PLAIN: Mapping[Any, str] = {
    bool: "true or false",
    str: "a string",
    list: "a list",
    tuple: "a list",
    dict: "an object",
}


def kinds_of(kind: Any) -> Kinds | None:
    """Return the kinds of an object that has several, or None if it has one."""
    base, notes = unwrap(kind)
    tags = [note.discriminator for note in notes if isinstance(note, FieldInfo)]
    tag = next((tag for tag in tags if isinstance(tag, str)), None)
    if tag is None:
        return None
    models: dict[str, type[BaseModel]] = {}
    for model in get_args(base):
        for value in get_args(model.model_fields[tag].annotation):
            models[str(value)] = model
    return Kinds(tag, models)


def unwrap(kind: Any) -> tuple[Any, list[object]]:
    """Return a type without its notes and without None, and the notes."""
    notes: list[object] = []
    while True:
        if isinstance(kind, FieldInfo):
            notes += [kind, *kind.metadata]
            kind = kind.annotation
        elif get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            notes += _flat(more)
        elif (given := _without_none(kind)) is not None:
            kind = given
        else:
            return kind, notes


def _flat(notes: Iterable[object]) -> Iterator[object]:
    for note in notes:
        yield note
        if isinstance(note, FieldInfo):
            yield from note.metadata


def _without_none(kind: Any) -> Any:
    """Return the one type that may be None, or None if the type is no such union."""
    if get_origin(kind) not in (Union, types.UnionType):
        return None
    members = [member for member in get_args(kind) if member is not type(None)]
    return members[0] if len(members) == 1 else None


def _bounds(notes: Sequence[object]) -> str:
    least, above, most = (_bound(notes, name) for name in ("ge", "gt", "le"))
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    if least is not None:
        return f", {least:g} or more"
    return "" if above is None else f" above {above:g}"


def _bound(notes: Sequence[object], name: str) -> float | None:
    found = (getattr(note, name, None) for note in notes)
    return next((float(bound) for bound in found if bound is not None), None)


def _one_of(values: Sequence[object]) -> str:
    if len(values) > _MOST_QUOTED:
        return f"one of {', '.join(map(str, values))}"
    return " or ".join(f'"{value}"' for value in values)
