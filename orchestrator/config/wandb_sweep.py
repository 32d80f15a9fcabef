"""W&B sweep files (`sweep.yaml`) → a configuration of ours.

What has a counterpart is taken over as it is; where something goes another way here, a note says
so; what has no counterpart is refused by the name of its key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConfigProblem, did_you_mean
from ..search.space import Space
from .validation import LoadedConfig, validate_config
from .wandb_parameters import UnsupportedError, convert_parameter

SUFFIXES = (".yaml", ".yml")
_BOOKKEEPING = ("name", "description", "project", "entity")
_KNOWN = (
    "program",
    "method",
    "metric",
    "parameters",
    "early_terminate",
    "run_cap",
    "command",
    *_BOOKKEEPING,
)
_METHODS = {"grid": "grid", "random": "random", "bayes": "tpe"}
_GOALS = {"minimize": "min", "maximize": "max"}
_COMMAND = ["${env}", "${interpreter}", "${program}", "${args}"]
_PASS_HYPERPARAMETERS = (
    "${args}",
    "${args_no_hyphens}",
    "${args_no_boolean_flags}",
    "${args_json}",
    "${args_json_file}",
    "${param:",
)
_RUNS_WITHOUT_CAP = 100
_THEIR_NAMES = {
    "hyperparameters": "parameters",
    "main_script_name": "program",
    "max_runs": "run_cap",
    "optimization_metric": "metric.name",
    "optimization_goal": "metric.goal",
    "sampler": "method",
    "target": "metric.target",
    "stopping_rules": "early_terminate",
}


@dataclass
class _Conversion:
    """One file on its way: our configuration, and what there is to say."""

    given: Mapping[str, Any]
    config: dict[str, Any] = field(default_factory=lambda: {"early_stopping": False})
    problems: list[ConfigProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, key: str, message: str) -> None:
        self.problems.append(ConfigProblem(key, message))


def load_wandb_sweep(path: Path) -> LoadedConfig:
    """Read and validate a W&B sweep file.

    Raises:
        ConfigError: with every mistake and every key that has no counterpart.
    """
    given = _read(path)
    folder = _folder_of(path, given)
    found = _Conversion(given)
    for convert in (_keys, _method, _metric, _parameters, _early_terminate, _command, _run_cap):
        convert(found)
    _program(found, folder)
    if found.problems:
        raise ConfigError(str(path), found.problems)
    try:
        loaded = validate_config(found.config, folder, str(path), path.resolve())
    except ConfigError as error:
        raise ConfigError(str(path), [_in_their_words(p) for p in error.problems]) from None
    return replace(_without_end(loaded, given), notes=tuple(found.notes))


def _without_end(loaded: LoadedConfig, given: Mapping[str, Any]) -> LoadedConfig:
    """A grid without a cap is run in full."""
    config = loaded.config
    count = Space(config.hyperparameters).n_at_most
    if config.sampler != "grid" or given.get("run_cap") is not None or count is None:
        return loaded
    source = {**loaded.source, "max_runs": count}
    return replace(loaded, config=config.model_copy(update={"max_runs": count}), source=source)


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(str(path), [ConfigProblem("", "there is no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [ConfigProblem("", f"cannot be read: {error}")]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(str(path), [ConfigProblem("", f"is not valid YAML: {error}")]) from None
    if not isinstance(given, dict) or not given.keys() & {"method", "parameters", "program"}:
        raise ConfigError(
            str(path),
            [ConfigProblem("", "is no W&B sweep file: it has no method, parameters or program")],
        )
    return given


def _folder_of(path: Path, given: Mapping[str, Any]) -> Path:
    """Where runs are started: here, as W&B's agent does, unless the script lies beside the file."""
    here, beside = Path.cwd(), path.resolve().parent
    script = given.get("program") or _script_in(given.get("command"))
    if not isinstance(script, str) or (here / script).is_file():
        return here
    found = (beside / script).is_file() or (
        not (here / _as_module(script)).is_file() and (beside / _as_module(script)).is_file()
    )
    return beside if found else here


def _as_module(name: str) -> str:
    """The file that `python -m name` runs."""
    return f"{name.replace('.', '/')}.py"


def _keys(found: _Conversion) -> None:
    for key in found.given:
        if key not in _KNOWN:
            hint = did_you_mean(str(key), _KNOWN)
            found.refuse(str(key), f"is not supported{hint}; supported: {', '.join(_KNOWN)}")
    ignored = [key for key in _BOOKKEEPING if key in found.given]
    if ignored:
        found.notes.append(f"{', '.join(ignored)}: no meaning here, left aside")


def _method(found: _Conversion) -> None:
    method = found.given.get("method")
    if method not in _METHODS:
        found.refuse("method", f"must be one of {', '.join(_METHODS)}, got {method!r}")
        return
    found.config["sampler"] = _METHODS[method]
    if method == "bayes":
        found.notes.append(
            "method bayes: the sampler tpe stands in for W&B's Gaussian process (the sampler gp, "
            "in an experiment_cfg.json, is nearer to it)"
        )


def _metric(found: _Conversion) -> None:
    metric = found.given.get("metric")
    if metric is None:
        return
    if not isinstance(metric, Mapping):
        found.refuse("metric", f"must be an object with a name and a goal, got {metric!r}")
        return
    for key in metric:
        if key not in ("name", "goal", "target"):
            found.refuse(f"metric.{key}", "is not supported; supported: name, goal, target")
    goal = metric.get("goal", "minimize")
    if goal not in _GOALS:
        found.refuse("metric.goal", f"must be minimize or maximize, got {goal!r}")
    found.config["optimization_metric"] = metric.get("name")
    found.config["optimization_goal"] = _GOALS.get(goal)
    if metric.get("target") is not None:
        found.config["target"] = metric["target"]


def _parameters(found: _Conversion) -> None:
    parameters = found.given.get("parameters")
    if not isinstance(parameters, Mapping) or not parameters:
        found.refuse("parameters", "must be an object of parameters")
        return
    hyperparameters: dict[str, Any] = {}
    for name, given in parameters.items():
        try:
            hyperparameters[str(name)] = convert_parameter(given)
        except UnsupportedError as error:
            found.refuse(".".join(filter(None, ("parameters", str(name), error.key))), str(error))
        except OverflowError:
            found.refuse(f"parameters.{name}", "its bounds are exponents of e, and overflow")
    found.config["hyperparameters"] = hyperparameters


def _early_terminate(found: _Conversion) -> None:
    """W&B's hyperband is successive halving at brackets that all runs share: `asha` here."""
    given = found.given.get("early_terminate")
    if given is None:
        return
    if not isinstance(given, Mapping) or given.get("type") != "hyperband":
        kind = given.get("type") if isinstance(given, Mapping) else given
        found.refuse("early_terminate.type", f"must be hyperband, got {kind!r}")
        return
    known = ("type", "min_iter", "max_iter", "s", "eta", "strict")
    for key in given:
        if key not in known:
            found.refuse(f"early_terminate.{key}", f"is not supported; supported: {known}")
    if given.get("strict"):
        found.refuse("early_terminate.strict", "is not supported: leave it out")
    rule = {"rule": "asha", "resource": "values", **_brackets(found, given)}
    found.config["stopping_rules"] = [rule]
    found.notes.append(
        "early_terminate: the rule asha, which compares runs at W&B's brackets, counted in "
        "logged values"
    )


def _brackets(found: _Conversion, given: Mapping[str, Any]) -> dict[str, Any]:
    eta = given.get("eta", 3)
    if given.get("min_iter") is not None:
        return {"min_resource": given["min_iter"], "reduction_factor": eta}
    most, count = given.get("max_iter"), given.get("s")
    if not (isinstance(most, int) and isinstance(count, int) and isinstance(eta, int) and eta > 1):
        found.refuse("early_terminate", "needs min_iter, or max_iter and s, as whole numbers")
        return {}
    first = max(round(most / eta**count), 1)
    return {"min_resource": first, "max_resource": most, "reduction_factor": eta}


def _command(found: _Conversion) -> None:
    command = found.given.get("command", _COMMAND)
    if not isinstance(command, list) or not all(
        isinstance(part, str | int | float) for part in command
    ):
        found.refuse("command", f"must be a list of texts, got {command!r}")
        return
    found.config["command"] = [str(part) for part in command]
    if not any(macro in str(part) for part in command for macro in _PASS_HYPERPARAMETERS):
        found.refuse(
            "command",
            f"has none of {', '.join(_PASS_HYPERPARAMETERS[:-1])}: nothing would tell the script "
            "its hyperparameters (wandb.config is not filled here); add ${args}",
        )


def _program(found: _Conversion, folder: Path) -> None:
    program = found.given.get("program") or _script_in(found.given.get("command"), folder)
    if not isinstance(program, str):
        found.refuse("program", f"must be the training script, got {program!r}")
        return
    found.config["main_script_name"] = program
    command = found.config.get("command", [])
    if ("-m", "${program}") in pairwise(command) and not (folder / program).is_file():
        # python -m package.module: the name goes to python, and the file is what it stands for
        found.config["command"] = [program if part == "${program}" else part for part in command]
        found.config["main_script_name"] = _as_module(program)


def _script_in(command: object, folder: Path | None = None) -> str | None:
    """The script that a command names itself, where it does not leave that to ${program}."""
    parts = command if isinstance(command, list) else []
    scripts = [part for part in parts if isinstance(part, str) and part.endswith((".py", ".sh"))]
    present = [part for part in scripts if folder is not None and (folder / part).is_file()]
    return next(iter(present or scripts), None)


def _run_cap(found: _Conversion) -> None:
    cap = found.given.get("run_cap")
    if cap is not None:
        found.config["max_runs"] = cap
    elif found.config.get("sampler") == "grid":
        found.config["max_runs"] = 1  # until the grid is known
    else:
        found.config["max_runs"] = _RUNS_WITHOUT_CAP
        found.notes.append(
            f"run_cap is missing: W&B would go on until it is stopped, this sweep ends after "
            f"{_RUNS_WITHOUT_CAP} runs"
        )


def _in_their_words(problem: ConfigProblem) -> ConfigProblem:
    """A mistake in our configuration, under the key that it stands under in the file."""
    first, dot, rest = problem.key.partition(".")
    key = (
        "early_terminate"
        if first == "stopping_rules"
        else _THEIR_NAMES.get(first, first) + dot + rest
    )
    return ConfigProblem(key, problem.message)
