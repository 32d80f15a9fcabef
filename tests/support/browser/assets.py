"""The third-party files of the pages for tests: from npm, kept in a folder that git ignores.

Tests never use the CDN. Requests to it are answered with the same package version from npm, after a
check of the hash in `web/serving/assets/pinned.py`.
"""

import base64
import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from places import ROOT

from ml_tracking_ops.web.serving.assets.pinned import ASSETS, Asset

AXE = Asset(
    "axe-core",
    "4.14.1",
    "axe.min.js",
    "sha384-xt1SFg49QaDwsyt0Xfs2XAyBtYPClXl3X2q5OOLeGAUmq9jZTYIMdztpF99WdhiH",
)
"""Checks a page for what hinders people with disabilities; only tests use it."""

FOLDER = ROOT / ".test-assets"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_LIMIT_S = 120


def load_assets() -> dict[str, tuple[bytes, str]]:
    """Address at the CDN -> (bytes, content type), for all files of `serving/assets/pinned.py`."""
    return {
        asset.url: (read_asset(asset), _TYPES[Path(asset.path).suffix]) for asset in ASSETS.values()
    }


def read_asset(asset: Asset) -> bytes:
    """Return the bytes of one file.

    Raises:
        AssertionError: the hash differs from the pinned one.
    """
    with tarfile.open(_tarball(asset)) as archive:
        member = archive.extractfile(f"package/{asset.path}")
        assert member is not None, f"{asset.path} is no file of {asset.package}@{asset.version}"
        data = member.read()
    found = "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()
    assert found == asset.integrity, f"{asset.url}: expected {asset.integrity}, found {found}"
    return data


def _tarball(asset: Asset) -> Path:
    tarball = FOLDER / f"{asset.package}-{asset.version}.tgz"
    if not tarball.exists():
        FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:  # tests run in parallel
            subprocess.run(
                ["npm", "pack", "--silent", f"{asset.package}@{asset.version}"],
                cwd=folder,
                check=True,
                timeout=_LIMIT_S,
                stdin=subprocess.DEVNULL,
            )
            (packed,) = Path(folder).iterdir()
            os.replace(packed, tarball)
    return tarball
