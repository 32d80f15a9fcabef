"""Stopping rules: what runs have logged → a reason to stop one of them, or none. Pure."""

from .decision import Rule, StopDecision
from .rules import StoppingRules

__all__ = ["Rule", "StopDecision", "StoppingRules"]
