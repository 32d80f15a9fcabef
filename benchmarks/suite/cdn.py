"""The third-party files of the pages, from npm, so that no measurement depends on the CDN."""

import subprocess
import tarfile
from pathlib import Path

from ml_tracking_ops.web.serving.assets.pinned import ASSETS, Asset

from . import peers

FOLDER = peers.FOLDER / "cdn"


def files() -> dict[str, str]:
    """Return the local file for each path at the CDN. The browser checks its hash."""
    return {asset.url.split("/", 3)[3]: str(_file(asset)) for asset in ASSETS.values()}


def _file(asset: Asset) -> Path:
    folder = FOLDER / f"{asset.package}-{asset.version}"
    if not folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", f"{asset.package}@{asset.version}"]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True)
        with tarfile.open(FOLDER / f"{folder.name}.tgz") as archive:
            archive.extractall(folder, filter="data")
    return folder / "package" / asset.path
