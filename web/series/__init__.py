"""Points of metrics: read once, thinned, packed, summarised. Imports `runs`."""
