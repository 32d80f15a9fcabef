"""A sweep while it runs: scheduler, pool, lookout, run monitor, resumption.

Imports every room above it except `reports` and `cli`."""
