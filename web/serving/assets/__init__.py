"""Third-party files of the pages: which, from where, and a folder of them for offline machines.

May import `logger` and `orchestrator.errors`."""
