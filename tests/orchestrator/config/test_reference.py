"""The reference page, and that each key is described where its type is."""

import pytest
from pydantic import BaseModel

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.config.places import field_keys
from ml_tracking_ops.orchestrator.config.reference import reference_page
from ml_tracking_ops.orchestrator.search.settings import Repeats
from ml_tracking_ops.orchestrator.search.space import Hyperparameter
from ml_tracking_ops.orchestrator.setting_types import allowed_text, kinds_of
from ml_tracking_ops.orchestrator.stopping.settings import RuleSettings

HYPERPARAMETERS, RULES = kinds_of(Hyperparameter), kinds_of(RuleSettings)
assert HYPERPARAMETERS is not None
assert RULES is not None
MODELS = [SweepConfig, Repeats, *HYPERPARAMETERS.models.values(), *RULES.models.values()]


@pytest.mark.parametrize("model", MODELS)
def test_every_key_is_described_where_its_type_is(model: type[BaseModel]) -> None:
    for key, field in field_keys(model).items():
        assert field.description, f"{model.__name__}.{key} has no description"


@pytest.mark.parametrize("model", MODELS)
def test_every_key_says_in_words_what_it_allows(model: type[BaseModel]) -> None:
    without_words = {"value"}  # anything that JSON can hold
    for key, field in field_keys(model).items():
        assert allowed_text(field) != "a JSON value" or key in without_words, key


@pytest.mark.parametrize("key", [key for key in field_keys(SweepConfig) if key != "$schema"])
def test_reference_page_has_every_key(key: str) -> None:
    assert f"\n| `{key}` | " in reference_page()
