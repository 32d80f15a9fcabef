"""Results of earlier sweeps and studies of Optuna, for a new sweep to start from.

May import `logger`, `errors` and `store`, and of `search` the space, the settings, the addresses
and the extras of samplers.
"""
