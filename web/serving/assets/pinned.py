"""The third-party files of the pages: pinned to a version and to the hash of their bytes.

The browser loads them from the jsDelivr CDN, or from this server (`asset_source.py`), and refuses
any whose bytes differ. They are not in the repository.
"""

from dataclasses import dataclass

_CDN = "https://cdn.jsdelivr.net/npm"


@dataclass(frozen=True)
class Asset:
    """One file of an npm package. `integrity` is its hash in the form of subresource integrity."""

    package: str
    version: str
    path: str
    integrity: str

    @property
    def place(self) -> str:
        """Its path at the CDN and in a folder of assets. It contains the version."""
        return f"{self.package}@{self.version}/{self.path}"

    @property
    def url(self) -> str:
        """Its address at the CDN."""
        return f"{_CDN}/{self.place}"


HTMX = Asset(
    "htmx.org",
    "4.0.1",
    "dist/htmx.min.js",
    "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn",
)
UPLOT = Asset(
    "uplot",
    "1.6.32",
    "dist/uPlot.iife.min.js",
    "sha384-Gx3t0zdBAuQOuvvmaLZj7HKEiSgWTAs+VdtNY7wt19QDPTDQjFIwAuXDj0zeN00c",
)
UPLOT_STYLE = Asset(
    "uplot",
    "1.6.32",
    "dist/uPlot.min.css",
    "sha384-IfV0B7MIOYuO95kO9G5ySKPz/85zqFNOAs8iy4tkK5zd9izhJAB8b7lHrwYqqmYE",
)
ECHARTS = Asset(
    "echarts",
    "6.1.0",
    "dist/echarts.min.js",
    "sha384-C2iskrW/uPW46KzOjrvJIQo4YkV8lkD+QS0CrDN18IIPIpT/g2USu8bTP3nvmIAD",
)
"""Only for the drawings that explain a sweep, loaded when one of them is visible."""
ASSETS = {"htmx": HTMX, "uplot": UPLOT, "uplot_style": UPLOT_STYLE, "echarts": ECHARTS}
