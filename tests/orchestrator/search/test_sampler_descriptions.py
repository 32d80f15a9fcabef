"""Texts about samplers, built from their registry."""

from ml_tracking_ops.orchestrator.search.samplers.descriptions import (
    describe_samplers,
    supporting_text,
)
from ml_tracking_ops.orchestrator.search.samplers.registry import SAMPLERS
from ml_tracking_ops.orchestrator.search.settings import SearchSettings


def test_description_of_the_key_names_every_sampler_and_its_needs() -> None:
    description = SearchSettings.model_fields["sampler"].description or ""
    assert describe_samplers() in description
    for name, sampler in SAMPLERS.items():
        assert name in description
        assert all(f"the extra {extra}" in description for extra in sampler.libraries.values())
    assert "cma_es supports one objective." in description


def test_sampler_that_does_not_learn_says_what_it_does() -> None:
    assert all(sampler.learns or sampler.does for sampler in SAMPLERS.values())


def test_only_samplers_for_as_many_objectives_are_offered() -> None:
    assert supporting_text(2) == "tpe, gp, bayes, nsga2, random, grid or sobol"
    assert supporting_text(4) == "tpe, gp, nsga2, random, grid or sobol"
