"""What earlier sweeps and studies of Optuna found, for a new sweep to start from.

May import `logger`, `errors` and `store`, and of `search` the space, the settings and the extras of
samplers.
"""
