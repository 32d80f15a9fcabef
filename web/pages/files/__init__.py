"""Files of runs and sweeps on their pages: output, code, and what a script saved.

May import no other module of `pages`, besides what `web` may import."""
