"""How a run is started, or taken over from an earlier orchestrator.

May import the other modules of `running/runs` except `runner`."""
