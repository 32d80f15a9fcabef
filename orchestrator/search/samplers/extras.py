"""Libraries that come with an extra: imported where they are used, missed with a hint."""

import importlib
from typing import Any

from ...errors import UsageError


def import_extra(module: str, extra: str, what: str) -> Any:
    """Import a module that belongs to an extra.

    Raises:
        UsageError: it is not installed; the text says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"{what} needs {module.partition('.')[0]} ({error}); "
            f"install it with: pip install 'ml-tracking-ops[{extra}]'"
        ) from None
