"""One W&B sweep file on its way to a configuration of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import ConfigProblem


@dataclass
class Conversion:
    """What is known of the file so far.

    Attributes:
        given: what the file holds.
        folder: where runs are started.
        config: our configuration, as far as it is made.
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
