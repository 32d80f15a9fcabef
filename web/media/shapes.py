"""The shapes of the answers about media."""

from typing import NotRequired, TypedDict


class Card(TypedDict):
    """All entries of one kind and name.

    `steps`: each step with an entry, ascending.
    """

    kind: str
    name: str
    steps: list[int]
    count: int
    keep: int


class MediaOverview(TypedDict):
    """The cards of a run. `version` differs whenever something has changed."""

    run: str
    version: int
    cards: list[Card]
    budget_bytes: int
    is_cut: bool


class ShownEntry(TypedDict):
    """One image, sound, text, table or histogram of a step.

    `is_scaled`: this image in a snapshot has fewer pixels than the one that was logged.
    """

    place: int
    wall_time: float
    caption: NotRequired[str]
    trouble: NotRequired[str]
    href: NotRequired[str]
    thumb: NotRequired[str]
    svg: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]
    is_scaled: NotRequired[bool]
    size_bytes: NotRequired[int]
    html: NotRequired[str]
    is_cut: NotRequired[bool]
    seconds: NotRequired[float]


class StepAnswer(TypedDict):
    """The entries of a card at a step. Of very many the first from `first` on."""

    step: int
    n_items: int
    first: int
    items: list[ShownEntry]
