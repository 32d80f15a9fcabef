"""Arguments of the commands that start, follow and steer sweeps and runs."""

from ..argument_types import condition, count, seconds, user_path, whole_argument
from .options import (
    SWEEP,
    Add,
    add_address,
    add_json_lines,
    add_logdir,
    add_sweep_options,
    add_target,
    add_verbose,
    add_yes,
)


def add_sweep(add: Add) -> None:
    sweep = add("sweep", "run a hyperparameter sweep")
    sweep.add_argument(
        "config",
        nargs="?",
        type=user_path,
        metavar="CONFIG",
        help="a configuration or a W&B sweep file (default: experiment_cfg.json)",
    )
    sweep.add_argument("--resume", metavar="SWEEP", help=f"resume this sweep: {SWEEP}")
    sweep.add_argument(
        "--max-runs",
        type=count,
        metavar="N",
        help="override max_runs, also when resuming",
    )
    sweep.add_argument(
        "--detach", action="store_true", help="run in the background (attach shows the progress)"
    )
    add_json_lines(sweep)
    add_sweep_options(sweep)
    sweep.add_argument(
        "--seed", type=whole_argument, help="the seed that determines all combinations"
    )
    sweep.add_argument("--web", action="store_true", help="show the dashboard while it runs")
    sweep.add_argument(
        "--dry-run", action="store_true", help="print the commands of the runs and start none"
    )
    sweep.add_argument(
        "--check",
        action="store_true",
        help="check the configuration and whether the engine would accept a run, and start none",
    )
    add_yes(sweep)
    add_address(sweep)


def add_run(add: Add) -> None:
    run = add("run", "run one program as an experiment")
    run.usage = "ml-tracking-ops run [--name NAME] [--tag TAG] [--logdir DIR] … -- PROGRAM …"
    run.add_argument("--name", metavar="NAME", help="the name of the experiment")
    run.add_argument("--tag", action="append", default=[], metavar="TAG", help="a tag (repeatable)")
    run.add_argument(
        "--metrics-from",
        choices=("stdout", "tensorboard"),
        help="where to read metrics if the program does not log them itself",
    )
    run.add_argument(
        "--tensorboard-dir",
        metavar="DIR",
        help="where the program writes event files (default: the folder of the run, ${run_dir})",
    )
    run.add_argument(
        "--metrics-pattern",
        metavar="PATTERN",
        help="read metrics from the output, like the key metrics_pattern",
    )
    run.add_argument(
        "--no-system-metrics",
        dest="system_metrics",
        action="store_false",
        help="do not sample CPU, memory and GPUs",
    )
    add_logdir(run)


def add_attach(add: Add) -> None:
    attach = add("attach", "follow a sweep running in another process")
    attach.add_argument(
        "sweep",
        nargs="?",
        metavar="SWEEP",
        help="a folder, or a name from list (default: the newest running sweep)",
    )
    add_verbose(attach)
    add_json_lines(attach)
    add_logdir(attach)


def add_wait(add: Add) -> None:
    wait = add("wait", "wait until a sweep has ended, or until its best value is good enough")
    wait.add_argument(
        "sweep",
        nargs="?",
        metavar="SWEEP",
        help="a folder, or a name from list (default: the newest running sweep)",
    )
    wait.add_argument(
        "--until",
        type=condition,
        default="finished",
        metavar="CONDITION",
        help="finished (default), or a bound for the best value, such as 'best<0.1' or 'best>=0.9'",
    )
    wait.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="give up after this many seconds, with exit code 124",
    )
    wait.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    add_logdir(wait)


def add_steering(add: Add) -> None:
    """Add the commands for running sweeps."""
    stop = add("stop", "stop a running sweep, or some of its runs")
    add_target(stop, "stop only these runs, by their number in the sweep")
    add_yes(stop)
    pause = add("pause", "pause a sweep: running runs finish, no new ones start")
    continue_ = add("continue", "let a paused sweep start runs again")
    requeue = add("requeue", "run some runs of a sweep again, as new attempts")
    add_target(requeue, "the runs, by their number in the sweep")
    requeue.add_argument("--failed", action="store_true", help="all runs that failed")
    workers = add("workers", "change how many runs of a sweep run at once")
    for parser in (pause, continue_, workers):
        parser.add_argument("path", metavar="SWEEP", help=SWEEP)
    workers.add_argument("n_workers", type=count, metavar="N", help="how many runs at once")
    for parser in (stop, pause, continue_, requeue, workers):
        add_logdir(parser)


def add_demo(add: Add) -> None:
    demo = add("demo", "run a real sweep on real data, with the dashboard")
    add_sweep_options(demo)
    add_address(demo)
