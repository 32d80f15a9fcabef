"""Images, text, histograms, tables and audio of a run: written beside its metrics, and read.

`logging` has the calls, `writer` puts files and index together, `encoding/` makes bytes of what is
passed. `entries`, `tail`, `track`, `opening` and `run_media` read. Writing needs only the standard
library, and the library of an array that is passed. May import the modules of the logger itself,
`reading` and `tensorboard`.
"""
