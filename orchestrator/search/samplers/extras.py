"""Libraries of extras: imported when they are used, with a hint if they are missing."""

import importlib
from typing import Any

from ...errors import UsageError


def import_extra(module: str, extra: str, what: str) -> Any:
    """Import a module that belongs to an extra.

    Raises:
        UsageError: it is not installed. The message explains how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"{what} needs {module.partition('.')[0]} ({error}). "
            f"Install it with: pip install 'ml-tracking-ops[{extra}]'"
        ) from None


def import_torch(what: str) -> None:
    """Import PyTorch. It comes with no extra: the right build depends on the GPU.

    Raises:
        UsageError: it is not installed. The message explains how to install it.
    """
    try:
        importlib.import_module("torch")
    except ImportError as error:
        raise UsageError(
            f"{what} needs PyTorch ({error}), which Optuna's Gaussian process is written in. "
            "Install it (https://pytorch.org/get-started/locally, the build for CPUs is "
            "enough), or use the sampler tpe"
        ) from None
