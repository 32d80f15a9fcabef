"""Samplers and stopping rules together, ours and other tools', with equal budgets of epochs.

The tasks are surrogates of real trainings (`quality/tasks.py`), read from a folder with
`onnxruntime`. `network/digits` is a real network, which scikit-learn trains, and `hpobench/car` and
the like are tables of real trainings (`quality/table.py`), for samplers alone. Those like
`fast-lcbench/3945` have a constraint on outcomes, the training time, for our own samplers. Virtual
workers train them, an epoch takes one unit of time, and a sweep ends when its budget is spent.

    python benchmarks/search_quality.py run ../shared/yahpo results.jsonl --tasks lcbench/3945 \\
        --contenders random tpe --rules asha --seeds 20 --workers 4
    python benchmarks/search_quality.py report results.jsonl --picture curves.svg

`run` appends a line for each sweep and skips sweeps that are in the file, so it can be stopped and
started again.
Run it in the environment of a peer for that peer's contenders (`optuna-…`: Optuna 5, `syne-…`:
Syne Tune 0.16). `report` prints, for each contender under each rule, the mean regret over tasks
and seeds with its standard error, and the mean of the differences to the first one, paired by task
and seed, with theirs. Regret is the distance to the best of 2,000 random combinations, 1 being that
between the best and the median one; it is below 0 where a better one was found.
`results/search_quality.json` has the regrets behind docs/measured.md (`report --keep`).
"""

import argparse
import contextlib
import json
from pathlib import Path
from typing import Any

from quality.report import differences, kept, load, picture, table


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("task", "contender", "rule", "seed", "workers", "wholes"))


def run(options: argparse.Namespace) -> None:
    """Run the sweeps that are not in the file."""
    from quality.network import Network
    from quality.peers import PEERS
    from quality.simulation import simulate
    from quality.table import KINDS, Table
    from quality.tasks import FastTask, Task

    contenders: dict[str, Any] = dict(PEERS)
    with contextlib.suppress(ImportError):
        from quality.own import OWN

        contenders |= OWN
    done = {_key(row) for row in load(options.results)}
    scales = options.results.with_suffix(".scales.json")
    tasks: dict[str, Any] = {
        name: Network(scales)
        if name == Network.name
        else Table(name)
        if name.partition("/")[0] in KINDS
        else (FastTask if name.startswith("fast-") else Task)(options.folder, name, scales)
        for name in options.tasks
    }
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name, task in tasks.items():
            for rule in options.rules:
                for contender in options.contenders:
                    row: dict[str, Any] = {
                        "task": name,
                        "contender": contender,
                        "rule": rule,
                        "seed": seed,
                        "workers": options.workers,
                        "wholes": options.wholes,
                    }
                    if _key(row) in done:
                        continue
                    budget = options.wholes * task.n_levels
                    one = contenders[contender](task, rule, seed)
                    curve = simulate(task, one, budget, options.workers)
                    row["curve"] = [
                        round(curve[max(budget * k // 60 - 1, 0)], 6) for k in range(1, 61)
                    ]
                    with options.results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")


def report(options: argparse.Namespace) -> None:
    """Print the tables, and draw the picture."""
    rows = load(options.results)
    if options.tasks:
        rows = [row for row in rows if row["task"] in options.tasks]
    for workers in sorted({row["workers"] for row in rows}):
        chosen = [row for row in rows if row["workers"] == workers]
        print("\n".join(table(chosen, options.first)))
        for pair in options.pairs:
            print(differences(chosen, *pair.split(":")))
    if options.keep is not None:
        options.keep.write_text(kept(rows), encoding="utf-8")
    if options.picture is not None:
        options.picture.write_text(picture(rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run", help="run sweeps, and append their results to a file")
    running.add_argument("folder", type=Path, help="where lcbench/ and rbv2_xgboost/ are")
    running.add_argument("results", type=Path, help="a file of JSON lines")
    running.add_argument("--tasks", nargs="+", default=["lcbench/3945", "lcbench/7593"])
    running.add_argument("--contenders", nargs="+", default=["random", "tpe"])
    running.add_argument("--rules", nargs="+", default=["asha"])
    running.add_argument("--seeds", type=int, default=20)
    running.add_argument("--first-seed", type=int, default=0)
    running.add_argument("--workers", type=int, default=4)
    running.add_argument("--wholes", type=int, default=30, help="the budget in whole runs")
    running.set_defaults(what=run)
    reporting = commands.add_parser("report", help="print tables of the results")
    reporting.add_argument("results", type=Path)
    reporting.add_argument("--tasks", nargs="*", help="only these")
    reporting.add_argument(
        "--first", default="random/asha", help="the contender that the others are compared with"
    )
    reporting.add_argument("--pairs", nargs="*", default=[], help="A:B, both as CONTENDER/RULE")
    reporting.add_argument("--keep", type=Path, help="a JSON file of the regret of each sweep")
    reporting.add_argument("--picture", type=Path, help="an SVG file of the curves")
    reporting.set_defaults(what=report)
    options = parser.parse_args()
    if options.what is run and not (options.folder / "lcbench/model.onnx").is_file():
        parser.error(f"{options.folder} has no lcbench/model.onnx: give the folder of YAHPO's data")
    options.what(options)


if __name__ == "__main__":
    main()
