"""The names of the patterns that need no regular expression."""

TRAINERS = ("transformers", "keras", "lightgbm", "xgboost", "stable_baselines3")
"""Libraries whose output is known. `trainers.py` has a finder for each."""
PATTERNS = ("json", "name: value", "name=value", *TRAINERS)
