"""The conversion of one W&B sweep file to our configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import ConfigProblem


@dataclass
class Conversion:
    """The state of a conversion.

    Attributes:
        given: the content of the file.
        folder: where runs are started.
        config: our configuration so far.
        places: the key in the file of each hyperparameter.
        notes: what works differently here.
    """

    given: Mapping[str, Any]
    folder: Path
    config: dict[str, Any] = field(
        default_factory=lambda: {
            "early_stopping": False,
            "values_as": "python",
            "wandb_config": True,
        }
    )
    places: dict[str, str] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, key: str, message: str) -> None:
        self.problems.append(ConfigProblem(key, message))
