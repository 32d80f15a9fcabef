"""Images, texts and the like in a snapshot: those that the page shows first, within a limit.

Of each card that is its last step. Images are scaled. Where there is no room for one, the card says
so. The page's script gets all of it as the answers that the server would give.
"""

import base64
import html
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from ml_tracking_ops.logger.media.encoding.contents import HEAD_BYTES, content_of

from ..media.shapes import Card, MediaOverview, ShownEntry, StepAnswer
from ..media.thumbnails import SIDE_PX, scaled
from .asking import fetch_body

MOST_MEDIA_BYTES = 1_500_000
_MOST_CARDS = 48
_SMALL_PX = 160
_NO_ROOM = "There was no room for this in the snapshot."
_SECTION = re.compile(r'data-media\b[^>]*? data-run(s?)="([^"]*)"')
_SOURCE = re.compile(r' src="(/media\?[^"]*)"')


class ByteBudget:
    """How many bytes there is room for."""

    def __init__(self, n_bytes: int = MOST_MEDIA_BYTES) -> None:
        self.n_bytes = n_bytes

    def take(self, data: bytes) -> bool:
        """Whether they fit. They are counted then."""
        fits = len(data) <= self.n_bytes
        self.n_bytes -= len(data) if fits else 0
        return fits


def media_runs_in(page: str) -> list[str]:
    """The ids of the runs whose media a page shows."""
    found = _SECTION.search(page)
    if found is None:
        return []
    text = html.unescape(found[2])
    return [run["id"] for run in json.loads(text)] if found[1] else [text]


async def media_answers(app: Starlette, runs: list[str], room: ByteBudget) -> dict[str, str]:
    """What the page's script will ask for, by the key that `document` looks it up with."""
    answers: dict[str, str] = {}
    for run in runs:
        overview: MediaOverview = json.loads(
            await fetch_body(app, f"/api/media?{urlencode({'run': run})}")
        )
        overview["cards"] = overview["cards"][:_MOST_CARDS]
        for card in overview["cards"]:
            answers |= await _answers_of_card(app, run, card, room)
        answers[_key("", run)] = json.dumps(overview)
    return answers


async def with_images(app: Starlette, page: str, room: ByteBudget) -> str:
    """The page with the small images of its table in it."""
    addresses = dict.fromkeys(_SOURCE.findall(page))
    found = {one: await _image(app, html.unescape(one), room, [_SMALL_PX]) for one in addresses}
    return _SOURCE.sub(lambda match: f' src="{found[match[1]]}"' if found[match[1]] else "", page)


async def _answers_of_card(
    app: Starlette, run: str, card: Card, room: ByteBudget
) -> Mapping[str, str]:
    kind, name = card["kind"], card["name"]
    if kind == "histogram":
        query = urlencode({"run": run, "name": name})
        body = await fetch_body(app, f"/api/media/histograms?{query}")
        return {_key("/histograms", run, None, name): body.decode()} if room.take(body) else {}
    card["steps"] = card["steps"][-1:]
    named = {"run": run, "kind": kind, "name": name, "step": card["steps"][0]}
    if kind == "table":
        body = await fetch_body(app, f"/api/media/table?{urlencode(named)}")
        return {_key("/table", run, kind, name): body.decode()} if room.take(body) else {}
    found: StepAnswer = json.loads(await fetch_body(app, f"/api/media/step?{urlencode(named)}"))
    for item in found["items"]:
        await _embed(app, kind, item, room)
    found["n_items"] = card["count"] = len(found["items"])
    return {_key("/step", run, kind, name): json.dumps(found)}


def _key(path: str, run: str, kind: str | None = None, name: str | None = None) -> str:
    parts = [f"/api/media{path}", run, kind, name]
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)


async def _embed(app: Starlette, kind: str, item: ShownEntry, room: ByteBudget) -> None:
    """Put the bytes of an image or a sound where its address is."""
    href, thumbnail = item.pop("href", None), item.pop("thumb", None)
    item.pop("svg", None)
    if href is None or "trouble" in item:
        return
    address = thumbnail or href
    sides = [SIDE_PX, _SMALL_PX] if kind == "image" else []
    found = await _image(app, address, room, sides) if sides else await _sound(app, href, room)
    if found:
        item["href"] = found
    else:
        item["trouble"] = _NO_ROOM


async def _image(app: Starlette, address: str, room: ByteBudget, sides: list[int]) -> str | None:
    """An image as a `data:` address, as large as there is room for it."""
    try:
        data = await fetch_body(app, address)
    except HTTPException:
        return None
    for side in sides:
        small = await anyio.to_thread.run_sync(scaled, data, side) or data
        if room.take(small):
            return _data_address(small)
    return None


async def _sound(app: Starlette, address: str, room: ByteBudget) -> str | None:
    data = await fetch_body(app, address)
    return _data_address(data) if room.take(data) else None


def _data_address(data: bytes) -> str | None:
    content = content_of(data[:HEAD_BYTES])
    if content is None:
        return None
    return f"data:{content.media_type};base64,{base64.b64encode(data).decode()}"
