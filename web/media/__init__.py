"""Images, texts, histograms, tables and audio of runs, as the pages request them.

`api` answers for cards and steps, `files` sends the bytes, whose type is determined by their
content.

May import `serving` and `runs`, besides `logger` and `orchestrator.store`.
"""
