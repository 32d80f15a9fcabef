"""Validate a parsed configuration, and report every mistake."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import JsonValue, ValidationError

from ..commands.settings import run_problems
from ..errors import ConfigError, ConfigProblem
from ..executors.registry import engine_conflicts, executor_problems
from ..search.groups import without_groups
from ..search.plan import SearchPlan
from ..stopping.settings import stopping_problems
from .messages import explain_errors, key_text
from .model import NEEDED_FOR_EARLY_STOPPING, SweepConfig
from .objective_checks import objective_problems
from .script_checks import HYDRA_ADVICE, script_problems, shares_hydra_folder
from .search_checks import search_problems
from .value_checks import passing_problems


@dataclass(frozen=True)
class LoadedConfig:
    """A valid configuration and its origin.

    `folder` is where runs are started. `source` is the configuration as given. `notes` list what
    differs here from the file it was read from. `max_runs_in_file` is the file's value if a command
    line overrode it.
    """

    config: SweepConfig
    source: dict[str, JsonValue]
    folder: Path
    path: Path | None = None
    notes: tuple[str, ...] = ()
    max_runs_in_file: int | None = None

    @property
    def script(self) -> Path:
        return self.folder / self.config.main_script_name

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes, what a small `max_runs` leaves out, and what Hydra needs."""
        remarks = [*self.notes]
        n_first, most = len(self.config.first_runs), self.config.max_runs
        if n_first > most:
            remarks.append(
                f"max_runs is {most}: of the {n_first} first_runs the last "
                f"{n_first - most} will not run"
            )
        if shares_hydra_folder(self.config.command or (), self.script):
            remarks.append(HYDRA_ADVICE)
        return tuple(remarks)

    @property
    def search_plan(self) -> SearchPlan:
        """What a sampler and the first runs need from the configuration."""
        return replace(self.config.search_plan, folder=self.folder)

    def with_max_runs(self, max_runs: int) -> "LoadedConfig":
        config = self.config.model_copy(update={"max_runs": max_runs})
        source = {**self.source, "max_runs": max_runs}
        return replace(self, config=config, source=source, max_runs_in_file=self.config.max_runs)


def validate_config(
    source: Mapping[str, Any],
    folder: Path,
    name: str = "the configuration",
    path: Path | None = None,
) -> LoadedConfig:
    """Validate a parsed configuration. `folder` holds the training script.

    Raises:
        ConfigError: with every mistake that was found.
    """
    flat = without_groups(source)
    source = flat.source
    problems: list[ConfigProblem] = [*flat.problems]
    config: SweepConfig | None = None
    try:
        config = SweepConfig.model_validate(source)
    except ValidationError as error:
        problems += explain_errors(error, SweepConfig)
    reported = {problem.key for problem in problems}
    problems += _cross_problems(source, reported)
    problems += search_problems(source, folder, {problem.key for problem in problems})
    problems += stopping_problems(source, reported)
    problems += objective_problems(source, reported)
    problems += run_problems(source, reported)
    problems += passing_problems(source)
    problems += _engine_problems(source)
    problems += script_problems(source, folder)
    if problems or config is None:
        raise ConfigError(name, [flat.at_home(problem) for problem in problems])
    return LoadedConfig(config, dict(source), folder, path)


def _engine_problems(source: Mapping[str, Any]) -> Iterable[ConfigProblem]:
    for key, text in executor_problems(source.get("executor", {"type": "local"})):
        yield ConfigProblem(f"executor.{key}" if key else "executor", text)
    for key, text in engine_conflicts(source):
        yield ConfigProblem(key, text)


def _cross_problems(source: Mapping[str, Any], reported: set[str]) -> Iterable[ConfigProblem]:
    if source.get("early_stopping") is True and source.get("objectives") is None:
        for key in NEEDED_FOR_EARLY_STOPPING:
            if source.get(key) is None and key not in reported:
                yield ConfigProblem(
                    key, f"is missing. early_stopping needs it: {key_text(SweepConfig, key)}"
                )
    elif source.get("objectives") is not None:
        return
    elif (
        source.get("optimization_metric") is not None
        and source.get("optimization_goal") is None
        and "optimization_goal" not in reported
    ):
        yield ConfigProblem(
            "optimization_goal",
            'is missing. To find the best value of optimization_metric it must be "max" or "min"',
        )
