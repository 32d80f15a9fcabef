"""`ml-tracking-ops snapshot`: a page of the dashboard as a file, without a server."""

from pathlib import Path

import anyio
from starlette.exceptions import HTTPException

from ml_tracking_ops.orchestrator.errors import TrackingError

from .app import create_app
from .serving.assets.asset_source import CDN_SOURCE, AssetSource
from .snapshot.taking import take_snapshot


def snapshot_page(logdir: Path, path: str, query: str, assets: Path | None) -> bytes:
    """Return the page at an address of the dashboard of a log folder, as one file.

    Args:
        path: such as `sweeps/NAME` or `runs/NAME`.
        assets: the folder of third-party files. Without it they come from the CDN.

    Raises:
        TrackingError: there is no such page, or a library is not available.
    """
    source = CDN_SOURCE if assets is None else AssetSource.from_folder(assets)
    app = create_app(logdir, assets=source)
    try:
        page = anyio.run(take_snapshot, app, path, query)
    except HTTPException as error:
        raise TrackingError(error.detail) from None
    return page.encode("utf-8", "backslashreplace")
