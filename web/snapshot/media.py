"""Images, texts and the like in a snapshot: those that the page shows first, within a limit.

For each card that is its last step. Images are scaled. If there is no room for one, the card says
so. The page's script receives all of it as the answers of the server.
"""

import base64
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from ml_tracking_ops.logger.media.encoding.contents import HEAD_BYTES, Content, content_of

from ..media.histograms import HistogramStack
from ..media.shapes import Card, MediaOverview, ShownEntry, StepAnswer
from ..media.tables import TableAnswer
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
        """Return whether bytes fit, and count them if they do."""
        fits = len(data) <= self.n_bytes
        self.n_bytes -= len(data) if fits else 0
        return fits


@dataclass(frozen=True)
class EmbeddedFile:
    """The bytes of an image or a sound, and their type."""

    data: bytes
    content: Content


def media_runs_in(page: str) -> list[str]:
    """Return the ids of the runs whose media a page shows."""
    found = _SECTION.search(page)
    if found is None:
        return []
    text = html.unescape(found[2])
    return [run["id"] for run in json.loads(text)] if found[1] else [text]


async def media_answers(app: Starlette, runs: list[str], room: ByteBudget) -> dict[str, str]:
    """Return the answers for the page's script, by the key with which `document` finds them."""
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
    """Return the page with the small images of its table in it."""
    addresses = dict.fromkeys(_SOURCE.findall(page))
    found = {one: await _image(app, html.unescape(one), room, [_SMALL_PX]) for one in addresses}
    sources = {one: f' src="{_data_address(file)}"' if file else "" for one, file in found.items()}
    return _SOURCE.sub(lambda match: sources[match[1]], page)


async def _answers_of_card(
    app: Starlette, run: str, card: Card, room: ByteBudget
) -> Mapping[str, str]:
    kind, name = card["kind"], card["name"]
    if kind == "histogram":
        query = urlencode({"run": run, "name": name})
        stack: HistogramStack = json.loads(await fetch_body(app, f"/api/media/histograms?{query}"))
        card["steps"], stack["n_items"] = stack["steps"], [1] * len(stack["steps"])
        return _kept(_key("/histograms", run, None, name), stack, room)
    card["steps"] = card["steps"][-1:]
    named = {"run": run, "kind": kind, "name": name, "step": card["steps"][0]}
    if kind == "table":
        table: TableAnswer = json.loads(
            await fetch_body(app, f"/api/media/table?{urlencode(named)}")
        )
        table["n_items"] = card["count"] = 1
        return _kept(_key("/table", run, kind, name), table, room)
    found: StepAnswer = json.loads(await fetch_body(app, f"/api/media/step?{urlencode(named)}"))
    for item in found["items"]:
        await _embed(app, kind, item, room)
    found["n_items"] = card["count"] = len(found["items"])
    return {_key("/step", run, kind, name): json.dumps(found)}


def _kept(key: str, answer: object, room: ByteBudget) -> Mapping[str, str]:
    """Return an answer by its key, or nothing if there is no room for it."""
    body = json.dumps(answer)
    return {key: body} if room.take(body.encode()) else {}


def _key(path: str, run: str, kind: str | None = None, name: str | None = None) -> str:
    parts = [f"/api/media{path}", run, kind, name]
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)


async def _embed(app: Starlette, kind: str, item: ShownEntry, room: ByteBudget) -> None:
    """Put the bytes of an image or a sound in place of its address."""
    href, thumbnail = item.pop("href", None), item.pop("thumb", None)
    item.pop("svg", None)
    if href is None or "trouble" in item:
        return
    address = thumbnail or href
    sides = [SIDE_PX, _SMALL_PX] if kind == "image" else []
    found = await _image(app, address, room, sides) if sides else await _sound(app, href, room)
    if found is None:
        item["trouble"] = _NO_ROOM
        return
    item["href"] = _data_address(found)
    if kind == "image":
        item["is_scaled"] = max(found.content.width, found.content.height) != max(
            item["width"], item["height"]
        )


async def _image(
    app: Starlette, address: str, room: ByteBudget, sides: list[int]
) -> EmbeddedFile | None:
    """Return an image as large as there is room for it."""
    try:
        data = await fetch_body(app, address)
    except HTTPException:
        return None
    for side in sides:
        small = await anyio.to_thread.run_sync(scaled, data, side) or data
        if room.take(small):
            return _embedded(small)
    return None


async def _sound(app: Starlette, address: str, room: ByteBudget) -> EmbeddedFile | None:
    data = await fetch_body(app, address)
    return _embedded(data) if room.take(data) else None


def _embedded(data: bytes) -> EmbeddedFile | None:
    content = content_of(data[:HEAD_BYTES])
    return None if content is None else EmbeddedFile(data, content)


def _data_address(file: EmbeddedFile) -> str:
    return f"data:{file.content.media_type};base64,{base64.b64encode(file.data).decode()}"
