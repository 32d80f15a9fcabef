"""The parameters of an address that only the page's charts understand (`static/address.js`).

The server passes them on in the links that it makes, so that they lead to the same view.
"""

from starlette.datastructures import QueryParams

CHART_PARAMETERS = frozenset(
    (
        "smoothing", "x", "log", "outliers", "zoom", "group", "band", "hide", "solo", "tags",
        "pin", "metric", "full", "fold",
    )
)  # fmt: skip


def kept_parameters(query: QueryParams) -> list[tuple[str, str]]:
    """Those of an address, in their order; one may be there several times."""
    return [(name, value) for name, value in query.multi_items() if name in CHART_PARAMETERS]
