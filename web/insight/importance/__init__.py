"""The importance of each hyperparameter for the metric, and for failing.

May import `axes`, `rank_correlation` and `words` of `insight`, and what `insight` may import."""
