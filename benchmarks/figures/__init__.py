"""One module a figure; each has a `measure(options)` that gives a `Figure`."""
