"""Find metrics in the output of runs: lines of a growing `.log` → names, values and steps.

Nothing here writes a file. `running.runs.output_metrics` does that with the results. May import
`logger` and `supervision`.
"""
