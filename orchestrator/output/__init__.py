"""Finds metrics in what runs print: lines of a growing `.log` → names, values and steps.

Nothing here writes a file. `running.runs.output_metrics` does that with what is found. May import
`logger` and `supervision`.
"""
