"""How the command line and the environment of a run are made from its hyperparameters.

May import `logger`, `errors`, `setting_types` and `output`.
"""
