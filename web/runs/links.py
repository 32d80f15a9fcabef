"""Where the page of a run is."""

from functools import lru_cache
from urllib.parse import quote


@lru_cache(maxsize=1 << 15)  # a sweep's page asks for those of all its runs, time and again
def run_href(run_id: str) -> str:
    return "/runs/" + quote(run_id)
