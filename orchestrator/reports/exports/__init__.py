"""Write exports: tables of runs and experiments, metrics, media, Parquet.

May import `entries`, `settings` and `shapes` of `reports`, and what these import."""
