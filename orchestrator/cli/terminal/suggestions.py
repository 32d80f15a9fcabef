"""Print the results of `replay --suggest`."""

import json

from ...reports.shapes import SuggestionEntry, SuggestionReport
from .printing import print_table, rule_text
from .words import print_result, short_value

_MOST_SHOWN = 10


def print_suggestions(report: SuggestionReport) -> None:
    """Print the best rules, and the configuration for each."""
    names = ", ".join(report["sweeps"])
    print_result(f"{names}: {report['n_runs']} runs, {len(report['tried'])} rules tried")
    if report["n_cut_short"]:
        print_result(
            f"{report['n_cut_short']} runs did not run to their end, so it is not known how they "
            "would have continued"
        )
    print()
    rows = [_row(one) for one in report["tried"][:_MOST_SHOWN]]
    print_table(("RULE", "SAVES", "KEEPS THE BEST", "REGRET AT MOST"), rows)
    suggested = report["suggested"]
    if suggested is None:
        print_result("no rule would have saved time and kept the best run in every replay")
        return
    print_result(
        f"suggested, because it saves {suggested['share_of_seconds']:.0%} and keeps the best run:"
    )
    print(f'"stopping_rules": [{json.dumps(suggested["rule"])}]')


def _row(one: SuggestionEntry) -> tuple[str, ...]:
    return (
        rule_text(one["rule"]),
        f"{one['share_of_seconds']:.0%}",
        f"{one['n_kept']} of {one['n_replays']}",
        short_value(one["regret"]),
    )
