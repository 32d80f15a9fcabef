"""The commands that a sweep would run."""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...commands.macros import passes_parameters
from ...commands.rerun import quoted
from ...config.model import SweepConfig
from ...config.validation import LoadedConfig
from ...executors.registry import make_executor
from ...running.runs.starting.command import command_line
from ...search.proposals import Proposal, Proposer
from ...search.samplers import Combination
from ...search.warm_start.reading import read_earlier
from ...store.files.run_refs import LOCAL
from ...store.sweep_record import SweepRecord
from ...sweep import choose_seed
from ..terminal.json_lines import print_line
from ..terminal.words import format_combination, print_message, printable_line

if TYPE_CHECKING:
    from ...reports.printed_events import PlannedEvent


def preview_runs(
    config: SweepConfig,
    seed: int,
    report: Callable[[str], None],
    n_workers: int = 1,
    folder: Path = Path(),
) -> Iterator[Combination]:
    """Yield the hyperparameters of each run, as they are if every run finishes at once.

    A sampler that learns has nothing to learn from here: `report` receives a note that later
    combinations will differ.
    """
    plan = replace(config.search_plan, folder=folder)
    proposer = Proposer(plan, seed, n_workers)
    if proposer.pick is not None:
        report(f"sampler: {proposer.pick.name}, since {proposer.pick.reason}")
    if proposer.learns:
        name = proposer.sampler.type
        report(f"the sampler {name} learns from the runs: later combinations will differ")
    if proposer.trouble is not None:
        report(proposer.trouble)
    sweep = SweepRecord(goal=config.optimization_goal, aims=config.aims)
    for one in config.warm_start:
        earlier = read_earlier(one, folder, proposer.space, config.aims)
        for fields in earlier.as_events():
            sweep.apply({"event": "known", **fields})
        for text in earlier.warnings:
            report(text)
    for index in range(1, config.max_runs + 1):
        proposal = proposer.propose(index, sweep.history)
        if not isinstance(proposal, Proposal):
            report(proposer.why_exhausted or "no other run")
            return
        yield proposal.hyperparameters
        sweep.apply(
            {
                "event": "sampled",
                "index": index,
                "hyperparameters": proposal.hyperparameters,
                "combination": proposal.combination,
                "repeat": proposal.repeat,
                "n_known": proposal.n_known,
            }
        )
        if config.repeats is not None:
            sweep.apply({"event": "ended", "index": index, "state": "finished", "time": 0.0})


def print_commands(loaded: LoadedConfig, options: argparse.Namespace) -> int:
    """Print the command of every run without starting any."""
    seed = choose_seed(options.seed, loaded)
    print_message(f"seed {seed}. Nothing is started. The sweep's folder is named when it starts")
    if options.seed is None and loaded.config.seed is None:
        print_message(f"run exactly these: {_same_sweep(options, seed)}")
    folder = options.logdir.resolve() / "SWEEP"
    n_workers = _n_at_once(loaded, options)
    planned = preview_runs(loaded.config, seed, print_message, n_workers, loaded.folder)
    for index, hyperparameters in enumerate(planned, start=1):
        command = command_line(loaded, folder, f"RUN_{index}", hyperparameters)
        if options.json:
            print_line(_planned(index, hyperparameters, command))
        else:
            print(" ".join(map(quoted, command)) + _unseen(loaded.config, hyperparameters))
    if (confirm := loaded.config.confirm) is not None:
        print_message(
            f"then confirm runs the best {confirm.top} combinations again, each with up to "
            f"{confirm.seeds} new seeds: up to {confirm.most_runs} more runs"
        )
    return 0


def _n_at_once(loaded: LoadedConfig, options: argparse.Namespace) -> int:
    """Return how many runs the sweep would have at once. Only `auto` depends on it."""
    if options.workers is not None:
        return int(options.workers)
    executor = loaded.config.executor
    if loaded.config.sampler.type != "auto" or sys.platform == "win32":
        return 1
    if executor["type"] == LOCAL:
        return len(
            make_executor(executor, None, loaded.config, loaded.folder, options.logdir).slots
        )
    most = executor.get("max_jobs")
    return most if isinstance(most, int) else 1


def _unseen(config: SweepConfig, hyperparameters: Combination) -> str:
    """Return the hyperparameters as a comment behind a command that holds none of them."""
    if config.command is None or passes_parameters(config.command):
        return ""
    return f"  # {printable_line(format_combination(hyperparameters))}"


def _planned(index: int, hyperparameters: Combination, command: Sequence[str]) -> "PlannedEvent":
    return {
        "event": "planned",
        "index": index,
        "hyperparameters": dict(hyperparameters),
        "command": list(command),
    }


def _same_sweep(options: argparse.Namespace, seed: int) -> str:
    """Return the command that starts the sweep shown by a dry run."""
    arguments = ["ml-tracking-ops", "sweep", f"--seed={seed}"]
    if options.config is not None:
        arguments.append(str(options.config))
    if options.max_runs is not None:
        arguments.append(f"--max-runs={options.max_runs}")
    if options.workers is not None:
        arguments.append(f"--workers={options.workers}")
    if options.logdir != Path("runs"):
        arguments.append(f"--logdir={options.logdir}")
    return shlex.join(arguments)
