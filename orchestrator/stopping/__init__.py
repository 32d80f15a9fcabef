"""Stopping rules: what runs have logged → a reason to stop one of them, or none. Pure.

May import `errors`, `setting_types` and `store`.
"""

from .decision import Rule, StopDecision
from .rules import StoppingRules

__all__ = ["Rule", "StopDecision", "StoppingRules"]
