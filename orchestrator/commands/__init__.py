"""Make the command line and the environment of a run from its hyperparameters.

May import `logger`, `errors`, `setting_types` and `output`.
"""
