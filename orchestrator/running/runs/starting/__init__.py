"""Start a run, or take it over from an earlier orchestrator.

May import the other modules of `running/runs` except `runner`."""
