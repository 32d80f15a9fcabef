"""Where the pages load their third-party files from: the CDN, or this server.

`--assets DIR` serves them from a folder, for offline machines: then no page names the CDN, and the
policy that goes with each page allows nothing but this server.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ml_tracking_ops.orchestrator.errors import UsageError

from .pinned import ASSETS, Asset

PREFIX = "/assets/"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class AssetSource:
    """The assets as the pages name them. `files` holds the bytes of those served from here."""

    files: Mapping[str, bytes] | None = field(default=None, repr=False)

    @classmethod
    def from_folder(cls, folder: Path) -> "AssetSource":
        """Load the folder that `ml-tracking-ops assets` has filled, and check every byte.

        Raises:
            UsageError: a file is missing, or holds other bytes than it should.
        """
        problems, files = [], {}
        for asset in ASSETS.values():
            try:
                data = (folder / asset.place).read_bytes()
            except OSError as error:
                problems.append(f"{asset.place}: {error.strerror or error}")
                continue
            files[asset.place] = data
            if integrity_of(data) != asset.integrity:
                problems.append(f"{asset.place}: its bytes are not those of the package")
        if problems:
            found = "".join(f"\n  {problem}" for problem in problems)
            raise UsageError(
                f"--assets {folder} cannot be served:{found}\n"
                f"fill the folder again with: ml-tracking-ops assets {folder}"
            )
        return cls(files)

    def url(self, asset: Asset) -> str:
        return asset.url if self.files is None else PREFIX + asset.place

    def page_data(self) -> dict[str, dict[str, str]]:
        """Return what the pages' script needs to load them."""
        return {name: {**asdict(asset), "url": self.url(asset)} for name, asset in ASSETS.items()}

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of a page: exactly these files, and our own.

        The security middleware adds which pages may show it in a frame.
        """
        scripts, styles = (
            " ".join(["'self'", *self._elsewhere(suffix)]) for suffix in (".js", ".css")
        )
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src {scripts}",
                f"style-src {styles}",
                "img-src 'self' data:",
                "media-src 'self'",
                "connect-src 'self'",
                "form-action 'self'",
                "base-uri 'none'",
            )
        )

    def _elsewhere(self, suffix: str) -> list[str]:
        if self.files is not None:
            return []
        return [asset.url for asset in ASSETS.values() if asset.path.endswith(suffix)]


CDN_SOURCE = AssetSource()


def integrity_of(data: bytes) -> str:
    """Return the hash of a file in the form of subresource integrity."""
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


async def _serve(request: Request) -> Response:
    source: AssetSource = request.app.state.assets
    place: str = request.path_params["place"]
    data = (source.files or {}).get(place)
    if data is None:
        raise HTTPException(404)
    kind = _TYPES.get(Path(place).suffix, "application/octet-stream")
    return Response(data, media_type=kind, headers=_IMMUTABLE)


routes = [Route(PREFIX + "{place:path}", _serve)]
