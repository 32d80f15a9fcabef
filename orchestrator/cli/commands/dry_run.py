"""The commands that a sweep would run."""

import argparse
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...commands.macros import passes_parameters
from ...commands.rerun import quoted
from ...config.model import SweepConfig
from ...config.validation import LoadedConfig
from ...running.runs.starting.command import command_line
from ...search.proposals import Proposal, Proposer
from ...search.samplers import Combination
from ...store.sweep_record import SweepRecord
from ...sweep import choose_seed
from ..terminal.json_lines import print_line
from ..terminal.words import format_combination, print_message, printable_line

if TYPE_CHECKING:
    from ...reports.events import PlannedEvent


def preview_runs(
    config: SweepConfig,
    seed: int,
    say: Callable[[str], None],
    n_workers: int = 1,
    folder: Path = Path(),
) -> Iterator[Combination]:
    """The hyperparameters of each run, as they are if every run finishes at once.

    A sampler that learns has nothing to learn from here: `say` reports that its later
    combinations will be others.
    """
    plan = replace(config.search_plan, folder=folder)
    proposer = Proposer(plan, seed, n_workers)
    if proposer.pick is not None:
        say(f"sampler: {proposer.pick.name}, since {proposer.pick.reason}")
    if proposer.learns:
        name = proposer.sampler.type
        say(f"the sampler {name} learns from the runs: later combinations will differ")
    if proposer.trouble is not None:
        say(proposer.trouble)
    sweep = SweepRecord()
    for index in range(1, config.max_runs + 1):
        proposal = proposer.propose(index, sweep.history)
        if not isinstance(proposal, Proposal):
            say(proposer.why_exhausted or "no other run")
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
    """Print the command of every run, and start none."""
    seed = choose_seed(options.seed, loaded)
    print_message(f"seed {seed}. Nothing is started. The sweep's folder is named when it starts")
    if options.seed is None and loaded.config.seed is None:
        print_message(f"run exactly these: {_same_sweep(options, seed)}")
    folder = options.logdir.resolve() / "SWEEP"
    planned = preview_runs(loaded.config, seed, print_message, folder=loaded.folder)
    for index, hyperparameters in enumerate(planned, start=1):
        command = command_line(loaded, folder, f"RUN_{index}", hyperparameters)
        if options.json:
            print_line(_planned(index, hyperparameters, command))
        else:
            print(" ".join(map(quoted, command)) + _unseen(loaded.config, hyperparameters))
    return 0


def _unseen(config: SweepConfig, hyperparameters: Combination) -> str:
    """The hyperparameters as a comment behind a command that holds none of them."""
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
    """The command that starts the sweep which a dry run shows."""
    arguments = ["ml-tracking-ops", "sweep", f"--seed={seed}"]
    if options.config is not None:
        arguments.append(str(options.config))
    if options.max_runs is not None:
        arguments.append(f"--max-runs={options.max_runs}")
    if options.logdir != Path("runs"):
        arguments.append(f"--logdir={options.logdir}")
    return shlex.join(arguments)
