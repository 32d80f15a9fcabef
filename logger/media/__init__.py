"""Images, text, histograms, tables and audio of a run: written beside its metrics, and read.

`logging` has the calls, `writer` puts files and index together, `encoding/` makes bytes of what is
passed. `entries`, `tail`, `track`, `opening` and `run_media` read. Writing needs the standard
library alone. An array brings its own. May import the modules of the logger itself, `reading` and
`tensorboard`.
"""
