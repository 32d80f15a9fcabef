"""The lowest versions that are tested are those that pyproject.toml admits."""

import runpy

import pytest
from places import ROOT

SCRIPT = ROOT / "scripts" / "lowest_pins.py"
lowest_pins = runpy.run_path(str(SCRIPT))["lowest_pins"]


def test_lower_bounds_become_pins_and_of_two_the_higher_counts() -> None:
    found = lowest_pins(["scipy>=1.9,<2", "types-PyYAML>=6", "a[b]>=1,<2", "scipy<2,>=1.13"])
    assert found == ["a==1", "scipy==1.13", "types-pyyaml==6"]


def test_requirement_without_a_lower_bound_is_named() -> None:
    with pytest.raises(ValueError, match="numpy<3: has no lower bound"):
        lowest_pins(["numpy<3"])
