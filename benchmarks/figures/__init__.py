"""One module for each figure, with a function `measure(options)` that returns a `Figure`."""
