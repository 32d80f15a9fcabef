"""Our own scripts and styles: kept in memory, compressed once, at addresses with a version.

A page refers to `/static/v-…/page.js`. The version is a digest of all the files: so a browser keeps
everything permanently and requests nothing again, until a file changes. At an address without the
version, or with an older one, the browser asks each time. Each file costs a page some milliseconds,
so the styles come as one file, and the modules as two: those that most pages begin with, and those
that are needed later or never.
"""

import gzip
import hashlib
import mimetypes
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ml_tracking_ops.orchestrator.store.files.identities import Identity, identify

from .bundling import bundle, bundle_rest, closure
from .state_styles import state_styles

_FOLDER = Path(__file__).parents[1] / "static"
_STYLE_NAMES = "theme page table insight run media compare actions charts export common"
_STATE_STYLE = "styles/states.css"
_STYLES = (*(f"styles/{name}.css" for name in _STYLE_NAMES.split()), _STATE_STYLE)
"""In the order of precedence, the last one before the others."""
STYLE = "style.css"
SCRIPT = "page.js"
_REST = "rest.js"
MAIN = "page/main.js"
THEME_FIRST = "page/theme_first.js"
"""Runs before anything is drawn. It is not a module."""
_EAGER = (MAIN, "tables/main.js", "insight/main.js", "output/main.js")
"""The modules that most pages need at once."""
_DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}", re.DOTALL)
_VERSION = re.compile(r"v-[0-9a-f]{16}")
_COMPRESS_FROM_BYTES = 500


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent."""

    data: bytes
    media_type: str

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.data, 9, mtime=0)

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.blake2b(self.data, digest_size=8).hexdigest()}"'


@dataclass(frozen=True)
class StaticFiles:
    """All files of one version."""

    state: tuple[tuple[str, Identity | None], ...]
    files: dict[str, StaticFile]

    @cached_property
    def version(self) -> str:
        digest = hashlib.blake2b(digest_size=8)
        for name, file in self.files.items():
            digest.update(f"{name} {len(file.data)}\n".encode() + file.data)
        return f"v-{digest.hexdigest()}"

    def href(self, name: str) -> str:
        return f"/static/{self.version}/{name}"


_latest: StaticFiles | None = None
_looked_at = float("-inf")
_LOOK_AGAIN_S = 0.5


def static_files() -> StaticFiles:
    """Return the current files, or those of a moment ago. Read again only when one has changed."""
    global _latest, _looked_at
    if _latest is not None and time.monotonic() - _looked_at < _LOOK_AGAIN_S:
        return _latest
    _looked_at = time.monotonic()
    paths = {path.relative_to(_FOLDER).as_posix(): path for path in sorted(_FOLDER.rglob("*.*"))}
    state = tuple((name, identify(path)) for name, path in paths.items())
    if _latest is None or _latest.state != state:
        files = {name: _read(path) for name, path in paths.items() if path.is_file()}
        files[_STATE_STYLE] = StaticFile(state_styles().encode(), "text/css")
        styles = "\n".join(files[name].data.decode() for name in _STYLES)
        whole = StaticFile(with_theme_choice(styles).encode(), "text/css")
        _latest = StaticFiles(state, {**files, STYLE: whole, **_scripts(modules_in(files))})
    return _latest


def modules_in(files: Mapping[str, StaticFile]) -> dict[str, str]:
    """Return the ES modules of the pages: name → source."""
    return {
        name: file.data.decode()
        for name, file in files.items()
        if name.endswith(".js") and name not in (THEME_FIRST, SCRIPT, _REST)
    }


def _scripts(modules: dict[str, str]) -> dict[str, StaticFile]:
    eager = closure(modules, *_EAGER)
    rest = {name: source for name, source in modules.items() if name not in eager}
    scripts = {SCRIPT: bundle(eager, MAIN, rest=f"./{_REST}"), _REST: bundle_rest(rest)}
    return {name: StaticFile(code.encode(), "text/javascript") for name, code in scripts.items()}


def with_theme_choice(styles: str) -> str:
    """Return the styles, with a chosen theme (`data-theme`) before that of the system."""

    def chosen(match: re.Match[str]) -> str:
        unless = f':root:not([data-theme="light"]) {{{match[1]}}}'
        system = f"@media (prefers-color-scheme: dark) {{ {unless} }}"
        return f'{system}\n:root[data-theme="dark"] {{{match[1]}}}'

    return _DARK.sub(chosen, styles)


def _read(path: Path) -> StaticFile:
    kind = mimetypes.types_map.get(path.suffix, "application/octet-stream")
    return StaticFile(path.read_bytes(), kind)


def _split(path: str) -> tuple[str, str]:
    """Split `VERSION/NAME`. The version is empty if the address has none."""
    version, _, name = path.partition("/")
    return (version, name) if _VERSION.fullmatch(version) else ("", path)


async def static(request: Request) -> Response:
    """`GET /static/[VERSION/]NAME`."""
    version, name = _split(request.path_params["path"])
    files = _latest
    if files is None or version != files.version:
        files = await anyio.to_thread.run_sync(static_files)
    file = files.files.get(name)
    if file is None:
        raise HTTPException(404)
    is_immutable = version == files.version
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if is_immutable else "no-cache",
        "etag": file.etag,
        "vary": "Accept-Encoding",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _whole(file, headers, may_compress="gzip" in request.headers.get("accept-encoding", ""))


def _whole(file: StaticFile, headers: dict[str, str], *, may_compress: bool) -> Response:
    if not may_compress or len(file.data) < _COMPRESS_FROM_BYTES:
        return Response(file.data, media_type=file.media_type, headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(file.compressed, media_type=file.media_type, headers=headers)
