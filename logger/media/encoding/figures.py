"""Closing figures that pyplot holds."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def close_figure(figure: "Any") -> None:
    """Remove a figure from pyplot, if pyplot is loaded."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(getattr(figure, "figure", None) or figure)
