"""Stopping rules: logged values → a reason to stop a run, or none. Pure.

May import `errors`, `setting_types` and `store`.
"""

from .decision import Rule, StopDecision
from .rules import StoppingRules

__all__ = ["Rule", "StopDecision", "StoppingRules"]
