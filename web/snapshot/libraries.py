"""The bytes of uPlot, for a page without a network."""

import urllib.request

from starlette.exceptions import HTTPException

from ..serving.assets.asset_source import AssetSource, integrity_of
from ..serving.assets.pinned import ASSETS, Asset

_PATIENCE_S = 20.0
_MOST_BYTES = 4 << 20
_fetched: dict[str, bytes] = {}


def library(source: AssetSource, name: str) -> str:
    """Return a library as text: from the folder that the pages are served from, or from the CDN.

    Raises:
        HTTPException: 502. The CDN cannot be reached, or returns other bytes.
    """
    asset = ASSETS[name]
    if source.files is not None:
        return source.files[asset.place].decode()
    if asset.url not in _fetched:
        _fetched[asset.url] = _fetch(asset)
    return _fetched[asset.url].decode()


def _fetch(asset: Asset) -> bytes:
    remedy = "fill a folder with `ml-tracking-ops assets DIR` and give it as --assets DIR"
    try:
        with urllib.request.urlopen(asset.url, timeout=_PATIENCE_S) as answer:
            data: bytes = answer.read(_MOST_BYTES)
    except (OSError, ValueError) as error:
        raise HTTPException(
            502, f"a snapshot holds {asset.package}, which cannot be fetched ({error}): {remedy}"
        ) from None
    if integrity_of(data) != asset.integrity:
        raise HTTPException(502, f"{asset.url} holds other bytes than it should: {remedy}")
    return data
