"""A real sweep on real data: a classifier of handwritten digits, trained for some epochs.

May import `errors` and `config`. The training script imports `experiment`.
"""

from pathlib import Path

from ..config.loading import load_config
from ..config.validation import LoadedConfig
from ..errors import UsageError


def load_demo() -> LoadedConfig:
    """Return the demo's configuration. Its script is beside it.

    Raises:
        UsageError: scikit-learn, which brings the data, is not installed.
    """
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        raise UsageError(
            "the demo needs scikit-learn, which brings the handwritten digits: "
            "pip install 'ml-tracking-ops[demo]'"
        )
    return load_config(Path(__file__).with_name("experiment_cfg.json"))
