"""The registry of columns of the tables of runs and experiments. Pure.

A new column is one `Column` here, in the tuple of its table. Heading, cell, order, filter, search,
exported file and the place in the menu of columns all follow from it. `_table_rows.html` needs a
new block only if the column draws something other than a text.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from operator import attrgetter

from ml_tracking_ops.orchestrator.store.outcomes.aims import NO_AIMS, Aims
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

from ..runs.names import natural_key
from ..series.goals import Goals
from .cells import best_step_cell, best_value_cell, combination_cell, outcome_cell, text_cell
from .column import Column, TableColumns, TableFacts
from .hyperparameters import Hyperparameter, SortKey
from .media_columns import media_family
from .rows import Row


def _never(_: TableFacts) -> bool:
    return False


def _with_metric(facts: TableFacts) -> bool:
    return facts.has_metric


def duration_of(row: Row) -> float | None:
    if row.runs:
        return (
            sum(duration_of(run) or 0.0 for run in row.runs) if row.ended_at is not None else None
        )
    started_at, ended_at = row.started_at, row.ended_at
    return None if started_at is None or ended_at is None else ended_at - started_at


def _duration_key(row: Row) -> SortKey | None:
    if row.started_at is None:
        return None
    duration = duration_of(row)
    # A running one is the longest, and the one that started first comes first.
    return (1, -row.started_at) if duration is None else (0, duration)


def outcome_words(row: Row) -> str | None:
    """Describe a run by several objectives and by constraints on outcomes."""
    if row.is_on_front:
        return "on the front"
    return "violates where" if row.ended_at is not None and not row.can_win else None


def _state_key(row: Row) -> SortKey:
    return 0, RUN_STATES.index(row.state)


def _text_key(text: str | None) -> SortKey | None:
    """Return a sort key for natural order: `run_2` comes before `run_10`."""
    return (1, natural_key(text)) if text else None


INDEX = Column(
    key="index",
    heading="Run",
    title="Run",
    value=attrgetter("index"),
    drawing="index",
    search=lambda row: (row.index, row.name),
)
RUN_NAME = Column("name", "Name", "Name of the run", attrgetter("name"))
NAME = Column(
    key="name",
    heading="Experiment",
    title="Experiment",
    value=attrgetter("name"),
    drawing="name",
    sort_key=lambda row: _text_key(str(row.label or row.name)),
    first_order="asc",
    search=lambda row: (row.name, row.label),
)
STATE = Column(
    key="state",
    heading="State",
    title="State, and why it ended",
    value=attrgetter("state"),
    drawing="state",
    width="whole",
    sort_key=_state_key,
    first_order="asc",
    search=lambda row: (row.reason, row.short_state),
)
LABEL = Column(
    key="label",
    heading="Name",
    title="The name that a user gave it",
    value=attrgetter("label"),
    cell=lambda row: text_cell(row.label),
    drawing="text",
    sort_key=lambda row: _text_key(row.label),
    first_order="asc",
    search=lambda row: (row.label,),
    is_offered=lambda facts: "label" in facts.given,
)
TAGS = Column(
    key="tags",
    heading="Tags",
    title="Tags",
    value=attrgetter("tags"),
    drawing="tags",
    sort_key=lambda row: _text_key("\n".join(row.tags)),
    first_order="asc",
    search=lambda row: row.tags,
    is_offered=lambda facts: "tags" in facts.given,
)
NOTE = Column(
    key="note",
    heading="Note",
    title="Note",
    value=attrgetter("note"),
    cell=lambda row: text_cell(row.note),
    drawing="text",
    sort_key=lambda row: _text_key(row.note),
    first_order="asc",
    search=lambda row: (row.note,),
    is_offered=lambda facts: "note" in facts.given,
    is_default=False,
)
BEST_VALUE = Column(
    key="best_value",
    heading="Best",
    title="Best value of the optimization metric",
    value=attrgetter("best_value"),
    cell=best_value_cell,
    live_field="best_value",
    is_number=True,
    is_offered=_with_metric,
    is_mean_of_combination=True,
)
BEST_STEP = Column(
    key="best_step",
    heading="at step",
    title="Step of the best value",
    value=attrgetter("best_step"),
    cell=best_step_cell,
    live_field="best_step",
    is_number=True,
    is_offered=_with_metric,
    is_default=False,
)
MEAN = Column(
    key="mean",
    heading="Mean",
    title="Mean over the repeats of the combination, ± standard deviation",
    value=lambda row: None if row.combination is None else row.combination.mean,
    cell=combination_cell,
    is_number=True,
    is_offered=lambda facts: facts.has_metric and facts.has_repeats and facts.are_runs_apart,
    is_mean_of_combination=True,
)
STANDING = Column(
    key="standing",
    heading="Result",
    title="Whether it is on the Pareto front, and whether it misses a constraint on outcomes",
    value=outcome_words,
    cell=lambda row: text_cell(outcome_words(row)),
    drawing="text",
    first_order="desc",
    search=lambda row: (outcome_words(row),),
)
CURVE = Column(
    key="curve",
    heading="Curve",
    title="The metric over the steps",
    value=lambda row: None,
    drawing="curve",
    first_order=None,
    is_exported=False,
    is_offered=_with_metric,
)
DURATION = Column(
    key="duration",
    heading="Duration",
    title="Duration",
    value=duration_of,
    drawing="duration",
    is_number=True,
    sort_key=_duration_key,
)
STARTED_AT = Column(
    key="started_at",
    heading="Started",
    title="When it started",
    value=attrgetter("started_at"),
    drawing="age",
    is_number=True,
)
PATH = Column(
    "path",
    "Path",
    "The folder of its log",
    lambda row: None if row.dat_path is None else str(row.dat_path.parent),
)
LOG_ERROR = Column("log_error", "Error", "Why its log cannot be read", attrgetter("log_error"))


def run_columns(
    metric: str | None,
    hyperparameters: Mapping[str, Hyperparameter] | None = None,
    goals: Goals | None = None,
    *,
    is_of_means: bool = False,
    logged: Collection[str] = (),
    is_best_first: bool = False,
    aims: Aims = NO_AIMS,
) -> TableColumns:
    """Return the columns of the table of a sweep's runs.

    Args:
        is_of_means: whether its rows are combinations.
        is_best_first: whether the best row comes first. Otherwise the newest run does.
        logged: which of the hyperparameters the scripts logged, and the sweep did not choose.
        aims: several objectives and constraints on outcomes, which have columns.
    """
    best = f"Best {metric}"
    title = f"{best}: of a combination the mean ± standard deviation" if is_of_means else best
    goals = goals or Goals()
    goal = None if metric is None else goals.own.get(metric)
    is_by_best = is_best_first and metric is not None
    direction = partial(replace, goal=goal, first_order="asc" if goal == "min" else "desc")
    return TableColumns(
        head=replace(INDEX, heading="Combination", title="Combinations") if is_of_means else INDEX,
        before=(
            STATE,
            LABEL,
            TAGS,
            direction(
                replace(BEST_VALUE, heading=best, title=title, metric=metric, is_goal_fixed=True)
            ),
            BEST_STEP,
            direction(MEAN),
            *outcome_columns(aims),
            replace(CURVE, heading=metric or "Curve", title=f"{metric} over the steps"),
            DURATION,
            STARTED_AT,
        ),
        after=(replace(NOTE, is_offered=_never),),
        exported=(INDEX, RUN_NAME),
        default_sort=BEST_VALUE.key if is_by_best else INDEX.key,
        default_order="asc" if is_by_best and goal == "min" else "desc",
        hyperparameters=hyperparameters or {},
        metric=metric,
        goals=goals,
        logged=logged,
        families=(media_family,),
    )


def outcome_columns(aims: Aims) -> list[Column]:
    """Return a column for each of several objectives, and one for the place on the front."""
    found = [
        Column(
            key=f"objective.{one.metric}",
            heading=one.metric,
            title=f"{one.metric}, {'higher' if one.goal == 'max' else 'lower'} is better",
            value=partial(_value_of, one.metric),
            cell=partial(outcome_cell, one.metric),
            is_number=True,
            first_order="desc" if one.goal == "max" else "asc",
            export_key=one.metric,
        )
        for one in aims.objectives
    ]
    of_constraints = [name for name in aims.columns if name not in aims.objective_names]
    found += [
        Column(
            key=f"outcome.{name}",
            heading=name,
            title=f"{name}, the last value that the run logged",
            value=partial(_value_of, name),
            cell=partial(outcome_cell, name),
            is_number=True,
        )
        for name in of_constraints
    ]
    if aims.metrics:
        found.append(STANDING)
    return found


def _value_of(metric: str, row: Row) -> float | None:
    return row.values.get(metric)


EXPERIMENT_COLUMNS = TableColumns(
    head=NAME,
    before=(STATE, TAGS, NOTE, DURATION, STARTED_AT),
    after=(),
    exported=(NAME, STATE, STARTED_AT, DURATION, PATH, LABEL, TAGS, NOTE),
    default_sort=STARTED_AT.key,
    families=(media_family,),
)
