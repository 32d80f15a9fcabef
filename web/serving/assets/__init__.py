"""Third-party files of the pages: which, from where, and a folder of them for machines offline.

May import `logger` and `orchestrator.errors`."""
