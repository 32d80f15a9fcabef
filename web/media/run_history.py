"""The media of the run that a request names."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ml_tracking_ops.logger.media.history import MediaHistory
from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories

from ..runs.catalog_access import find_run

T = TypeVar("T")


async def use_history(request: Request, run_id: str, function: Callable[[MediaHistory], T]) -> T:
    """Call a function with a run's media, in a worker thread.

    Raises:
        HTTPException: 404 if there is no such run, or anything that the function raises.
    """
    found = await request.app.state.catalog.use(lambda catalog: find_run(catalog, run_id))
    dat_path: Path | None = None if found is None else found.dat_path
    if dat_path is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no run of this name.")
    store: MediaHistories = request.app.state.media_store
    return await anyio.to_thread.run_sync(partial(store.use, dat_path, function))
