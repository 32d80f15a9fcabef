"""Named views: `GET /api/views` lists them, `POST` changes them, `GET /views/NAME` opens one."""

from functools import partial
from http import HTTPStatus
from pathlib import Path

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ..pages.actions import guarded_action, in_thread, message_response
from ..serving.guard import JsonObject, field
from ..serving.sse import encode_json
from .saved import choose_default, delete_view, read_views, rename_view, save_view


async def views(request: Request) -> Response:
    """Return all views, and the name of the default one."""
    found = await anyio.to_thread.run_sync(read_views, request.app.state.logdir)
    body = encode_json({"views": found.views, "default": found.default})
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


async def change(request: Request, body: JsonObject) -> Response:
    """Save, rename or delete a view, or make it the default."""
    logdir: Path = request.app.state.logdir
    action, name = field(body, "action", str), field(body, "name", str)
    if action == "save":
        saved = await in_thread(
            request, partial(save_view, logdir, name, field(body, "address", str))
        )
        return message_response(f"“{saved.name}” is saved")
    if action == "rename":
        new_name = field(body, "new_name", str)
        renamed = await in_thread(request, partial(rename_view, logdir, name, new_name))
        return message_response(f"it is called “{renamed.name}” now")
    if action == "delete":
        await in_thread(request, partial(delete_view, logdir, name))
        return message_response(f"“{name}” is deleted")
    if action == "default":
        is_on = field(body, "is_default", bool, True)
        await in_thread(request, partial(choose_default, logdir, name if is_on else None))
        return message_response(
            f"the dashboard begins with {f'“{name}”' if is_on else 'the experiments'}"
        )
    raise HTTPException(HTTPStatus.BAD_REQUEST, "action: one of save, rename, delete, default")


async def open_view(request: Request) -> Response:
    """Redirect to a view by its name."""
    found = await anyio.to_thread.run_sync(read_views, request.app.state.logdir)
    view = found.find(request.path_params["name"])
    if view is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return RedirectResponse(view.address, HTTPStatus.TEMPORARY_REDIRECT)


routes: list[BaseRoute] = [
    Route("/api/views", views, methods=["GET"]),
    Route("/api/views", guarded_action(change), methods=["POST"]),
    Route("/views/{name:path}", open_view),
]
