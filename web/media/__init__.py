"""Images, texts, histograms, tables and audio of runs, as the pages ask for them.

`api` answers for cards and steps, `files` sends the bytes, whose kind is decided by their content.

May import `serving` and `runs`, besides `logger` and `orchestrator.store`.
"""
