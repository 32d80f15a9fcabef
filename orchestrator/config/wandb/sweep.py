"""Convert W&B sweep files (`sweep.yaml`) to our configuration.

Everything that W&B's validator (`sweeps` 0.3.0) accepts has the same meaning here, or is refused
with its key and the reason. A note lists what works differently here.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...commands.macros import passes_parameters
from ...commands.wandb_client import MODE_VARIABLE
from ...errors import ConfigError, ConfigProblem, did_you_mean, nearest
from ...search.space import Space
from ..files import read_text
from ..model import SweepConfig
from ..validation import LoadedConfig, validate_config
from ..value_checks import show_value
from ..yaml_files import plain_json
from .command import (
    DEFAULT_COMMAND,
    command_parts,
    folder_of,
    is_installed_program,
    module_file,
    script_of,
    starts_module,
    with_parameter_macros,
)
from .conversion import Conversion
from .early_terminate import convert_early_terminate
from .metric import convert_metric
from .parameters import convert_parameters

_BOOKKEEPING = ("name", "description", "project", "entity", "apiVersion", "kind")
_KNOWN = (
    "program",
    "method",
    "metric",
    "parameters",
    "early_terminate",
    "run_cap",
    "command",
    "sampler",
    *_BOOKKEEPING,
    "controller",
    "scheduler",
)
_NOT_HERE = {
    "job": "starts a W&B Launch job, which needs their servers. Give a program or a command",
    "image_uri": "starts a W&B Launch image, which needs their servers. Give a command",
    "metrics": "several metrics to optimise have no counterpart here. Give one as metric",
}
_METHODS = {"grid": "grid", "random": "random", "bayes": "tpe"}
_RUNS_WITHOUT_CAP = 100
_THEIR_NAMES = {
    "main_script_name": "program",
    "max_runs": "run_cap",
    "optimization_metric": "metric.name",
    "optimization_goal": "metric.goal",
    "sampler": "method",
    "target": "metric.target",
    "stopping_rules": "early_terminate",
}


def is_wandb_sweep(document: object) -> bool:
    """Return whether a document has the keys of a W&B sweep file, and not ours."""
    return (
        isinstance(document, Mapping)
        and bool(document.keys() & {"method", "parameters", "program", "early_terminate"})
        and "hyperparameters" not in document
    )


def convert_wandb_sweep(given: Mapping[str, Any], path: Path) -> LoadedConfig:
    """Convert and validate the content of a W&B sweep file.

    Raises:
        ConfigError: with every mistake and every key that has no counterpart.
    """
    found = Conversion(given, folder_of(given, path.resolve().parent))
    steps: tuple[Callable[[Conversion], None], ...] = (
        _keys,
        _method,
        convert_metric,
        _parameters,
        convert_early_terminate,
        _command,
        _program,
        _client,
        _run_cap,
    )
    for convert in steps:
        try:
            convert(found)
        except OverflowError:
            found.refuse(convert.__name__.split("_")[-1], "holds a number that is too large")
            break
    if found.problems:
        raise ConfigError(str(path), found.problems)
    try:
        loaded = validate_config(found.config, found.folder, str(path), path.resolve())
    except ConfigError as error:
        problems = [_in_their_words(problem, found.places) for problem in error.problems]
        raise ConfigError(str(path), problems) from None
    return _bounded(replace(loaded, notes=tuple(found.notes)), given)


def _bounded(loaded: LoadedConfig, given: Mapping[str, Any]) -> LoadedConfig:
    """Set the limit on runs: none for a grid. Note a random search that would repeat itself."""
    config = loaded.config
    count = Space(config.hyperparameters).n_at_most
    if count is None:
        return loaded
    if config.sampler.type == "random" and count < config.max_runs:
        note = (
            f"method random: there are {count} combinations, and each is run once here. W&B "
            "draws some again"
        )
        return replace(loaded, notes=(*loaded.notes, note))
    if config.sampler.type != "grid" or "run_cap" in given:
        return loaded
    source = {**loaded.source, "max_runs": count}
    return replace(loaded, config=config.model_copy(update={"max_runs": count}), source=source)


def _keys(found: Conversion) -> None:
    for key, value in found.given.items():
        if key in _NOT_HERE:
            found.refuse(key, _NOT_HERE[key])
        elif key not in _KNOWN:
            found.refuse(key, _unknown_key(key, value))
        elif key in (*_BOOKKEEPING, "program") and not isinstance(value, str):
            hint = ". Leave it out" if value is None else ""
            found.refuse(key, f"must be a string, got {show_value(plain_json(value))}{hint}")
    if found.given.get("kind", "sweep") != "sweep":
        found.refuse("kind", f"must be sweep, got {show_value(found.given['kind'])}")
    _controller(found)
    ignored = [key for key in _BOOKKEEPING if key in found.given]
    if ignored:
        found.notes.append(f"{', '.join(ignored)}: no meaning here, ignored")


def _unknown_key(key: str, value: Any) -> str:
    fields = SweepConfig.model_fields
    if key not in fields:
        near = nearest(key, _KNOWN, cutoff=0.7)
        return "is not a key of a W&B sweep file" + (f", did you mean {near}?" if near else "")
    if key in _THEIR_NAMES:
        return f"is a key of experiment_cfg.json. A W&B sweep file has {_THEIR_NAMES[key]} for it"
    return (
        "is a key of experiment_cfg.json, and W&B's sweep files have none for it. Write the sweep "
        f'as experiment_cfg.json: there it is "{key}": {show_value(plain_json(value))}'
    )


def _controller(found: Conversion) -> None:
    controller, scheduler = found.given.get("controller"), found.given.get("scheduler")
    if "controller" in found.given:
        kind = controller.get("type") if isinstance(controller, Mapping) else None
        if kind not in ("local", "cloud"):
            found.refuse("controller.type", f"must be local or cloud, got {show_value(kind)}")
    if "scheduler" not in found.given:
        return
    if not isinstance(scheduler, Mapping) or scheduler.get("engine") != "wandb":
        found.refuse("scheduler", "only engine wandb has a counterpart. Leave it out")
    elif len(scheduler) > 1:
        other = next(key for key in scheduler if key != "engine")
        found.refuse(f"scheduler.{other}", "has no counterpart here")
    elif "early_terminate" in found.given:
        found.refuse("scheduler", "W&B does not accept it together with early_terminate")


def _method(found: Conversion) -> None:
    method = found.given.get("method")
    if method == "custom":
        found.refuse("method", "custom needs a W&B scheduler. Choose grid, random or bayes")
    elif not isinstance(method, str) or method not in _METHODS:
        what = f"got {show_value(method)}" if "method" in found.given else "and is missing"
        hint = did_you_mean(str(method), _METHODS)
        found.refuse("method", f"must be one of {', '.join(_METHODS)}, {what}{hint}")
    else:
        found.config["sampler"] = _METHODS[method]
    _sampler(found, method)
    if method != "bayes":
        return
    if "metric" not in found.given:
        found.refuse("metric", "is missing. The method bayes learns from it")
    if "sampler" in found.given:
        return
    found.notes.append(
        "method bayes: the sampler tpe replaces W&B's Gaussian process (the sampler gp, in an "
        "experiment_cfg.json, is nearer to it)"
    )


def _sampler(found: Conversion, method: object) -> None:
    """Convert our keys that W&B lacks: the sampler to use for bayes, and its settings."""
    if "sampler" not in found.given:
        return
    if method != "bayes":
        found.refuse("sampler", "can only be used with method bayes")
        return
    found.config["sampler"] = plain_json(found.given["sampler"])
    found.notes.append("sampler: a key of ML Tracking Ops. W&B does not know it")


def _parameters(found: Conversion) -> None:
    parameters = convert_parameters(
        found.given.get("parameters"), is_grid=found.given.get("method") == "grid"
    )
    found.problems += parameters.problems
    found.notes += parameters.notes
    found.places = parameters.places
    found.config["hyperparameters"] = parameters.hyperparameters
    if parameters.objects:
        found.config["objects"] = list(parameters.objects)


def _command(found: Conversion) -> None:
    parts, problems = command_parts(found.given.get("command", list(DEFAULT_COMMAND)))
    found.problems += problems
    if problems:
        return
    names = [*found.config["hyperparameters"], *found.config.get("objects", [])]
    parts, meant = with_parameter_macros(parts, names)
    found.config["command"] = parts
    if meant:
        found.notes.append(
            f"command: ${{{meant[0]}}} is the value of the parameter here. W&B's agent "
            "replaces it with nothing"
        )
    if not passes_parameters(parts):
        found.notes.append(
            "command: it passes no parameters, so the script must read them from wandb.config"
        )


def _program(found: Conversion) -> None:
    script = script_of(found.given, found.folder)
    if script is None:
        if not any(problem.key in ("program", "command") for problem in found.problems):
            found.refuse("program", "is missing: the training script, or a command without it")
        return
    found.config["main_script_name"] = script
    command = found.config.get("command", [])
    if starts_module(command) and not (found.folder / script).is_file():
        # python -m package.module: python gets the name, and the file is the module
        found.config["command"] = [script if part == "${program}" else part for part in command]
        found.config["main_script_name"] = module_file(script)
    elif is_installed_program(script, command, found.folder):
        found.config["command"] = [script if part == "${program}" else part for part in command]


def _client(found: Conversion) -> None:
    """Add notes on what W&B's client does in the script, and what it does not."""
    try:
        script = found.folder / found.config.get("main_script_name", "")
        text = read_text(script)
    except (OSError, ValueError):
        text = None
    if (text is None or "wandb" in text) and MODE_VARIABLE not in os.environ:
        found.notes.append("W&B's client runs offline. Set WANDB_MODE=online to have it send")
    metric = found.config.get("optimization_metric")
    if metric and text is not None and "wandb" in text and "ml_tracking_ops" not in text:
        found.notes.append(
            f"the script seems to log to W&B alone: log {metric} with ExperimentLogger too, or "
            "this sweep does not see it"
        )


def _run_cap(found: Conversion) -> None:
    if "run_cap" in found.given:
        cap = found.given["run_cap"]
        if isinstance(cap, float) and cap.is_integer():
            cap = int(cap)
        if not isinstance(cap, int) or isinstance(cap, bool) or cap < 1:
            found.refuse("run_cap", f"must be a whole number, 1 or more, got {show_value(cap)}")
        found.config["max_runs"] = cap
    elif found.config.get("sampler") == "grid":
        found.config["max_runs"] = 1  # until the grid is known
    else:
        found.config["max_runs"] = _RUNS_WITHOUT_CAP
        found.notes.append(
            f"run_cap is missing: W&B continues until it is stopped, this sweep ends after "
            f"{_RUNS_WITHOUT_CAP} runs"
        )


def _in_their_words(problem: ConfigProblem, places: Mapping[str, str]) -> ConfigProblem:
    """Return a mistake in our configuration, under its key in the file."""
    first, dot, rest = problem.key.partition(".")
    if first == "hyperparameters":
        return ConfigProblem(_place_of(rest, places), problem.message)
    if first == "stopping_rules":
        return ConfigProblem("early_terminate", problem.message)
    return ConfigProblem(_THEIR_NAMES.get(first, first) + dot + rest, problem.message)


def _place_of(key: str, places: Mapping[str, str]) -> str:
    """Return the place of a hyperparameter, or of a key of it, in the file. `candidates` is
    `values` there."""
    names = [name for name in places if f"{key}.".startswith(f"{name}.")]
    name = max(names, key=len, default="")
    rest = key[len(name) :].replace(".candidates", ".values", 1)
    return f"{places.get(name, 'parameters')}{rest}"
