"""Map the location of a mistake, as pydantic reports it, to the key in the file and its type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from ..setting_types import kinds_of, unwrap


@dataclass(frozen=True)
class KeyPlace:
    """A key of a configuration, such as `hyperparameters.depth.min`.

    `kind` is its type, and `siblings` are the possible keys of the object around it.
    """

    key: str
    kind: Any
    siblings: tuple[str, ...]


def find_place(model: type[BaseModel], location: Sequence[int | str]) -> KeyPlace:
    """Follow a location from the whole configuration to one key."""
    kind: Any = model
    siblings: tuple[str, ...] = ()
    key: list[str] = []
    for part in location:
        kinds = kinds_of(kind)
        if kinds is not None and part in kinds.models:
            kind = kinds.models[
                str(part)
            ]  # pydantic inserts the kind, which is not a key of the file
            continue
        key.append(str(part))
        kind, siblings = _inside(kind, part)
    return KeyPlace(".".join(key), kind, siblings)


def field_keys(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the keys of an object as they are in the file, each with its type."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _inside(kind: Any, part: int | str) -> tuple[Any, tuple[str, ...]]:
    """Return the type of what is under one key or at one position, and the keys beside it."""
    base, _ = unwrap(kind)
    if isinstance(base, type) and issubclass(base, BaseModel):
        fields = field_keys(base)
        return fields.get(str(part)), tuple(key for key in fields if not key.startswith("$"))
    if get_origin(base) in (list, tuple):
        return get_args(base)[0], ()
    if get_origin(base) is dict:
        return get_args(base)[1], ()
    return None, ()
