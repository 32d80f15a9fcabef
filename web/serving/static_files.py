"""Our own scripts and styles: kept in memory, compressed once, at addresses that name a version.

A page refers to `/static/v-…/page/main.js`. The version is a digest of all the files, and modules
import one another by relative addresses: so a browser keeps everything for good and asks for
nothing again, until a file changes. At an address without the version, or with an older one,
the browser asks each time. The styles come as one file: each file costs a page some milliseconds.
"""

import gzip
import hashlib
import mimetypes
import posixpath
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ml_tracking_ops.orchestrator.store.files.identities import Identity, identify

from .state_styles import state_styles

_FOLDER = Path(__file__).parents[1] / "static"
_STYLE_NAMES = "theme page table insight run media compare actions charts export common"
_STATE_STYLE = "styles/states.css"
_STYLES = (*(f"styles/{name}.css" for name in _STYLE_NAMES.split()), _STATE_STYLE)
"""In the order in which they take precedence, the last one before the others."""
STYLE = "style.css"
_IMPORT = re.compile(r'^(?:import|export)\b[^"\n]*"(\.{1,2}/[\w./-]+\.js)"', re.MULTILINE)
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

    def modules_of(self, *names: str) -> list[str]:
        """These modules, and those that they need before they can begin: for the browser to load
        side by side, not each after it has read the one before."""
        found = list(names)
        for module in found:
            found.extend(one for one in self._imported(module) if one not in found)
        return found

    def _imported(self, module: str) -> list[str]:
        """The modules that one imports, found once: each page asks for those of all its modules."""
        if module not in self._imports:
            names = _imports(module, self.files[module].data.decode())
            self._imports[module] = [one for one in names if one in self.files]
        return self._imports[module]

    @cached_property
    def _imports(self) -> dict[str, list[str]]:
        return {}


def _imports(module: str, source: str) -> Iterator[str]:
    """The names of the modules that `module` imports, below the folder of static files."""
    for address in dict.fromkeys(_IMPORT.findall(source)):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(module), address))


_latest: StaticFiles | None = None
_looked_at = float("-inf")
_LOOK_AGAIN_S = 0.5


def static_files() -> StaticFiles:
    """The files as they are now or were a moment ago. Read again only when one has changed."""
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
        _latest = StaticFiles(state, {**files, STYLE: whole})
    return _latest


def with_theme_choice(styles: str) -> str:
    """The styles, with a theme that was chosen (`data-theme`) before that of the system."""

    def chosen(match: re.Match[str]) -> str:
        unless = f':root:not([data-theme="light"]) {{{match[1]}}}'
        system = f"@media (prefers-color-scheme: dark) {{ {unless} }}"
        return f'{system}\n:root[data-theme="dark"] {{{match[1]}}}'

    return _DARK.sub(chosen, styles)


def _read(path: Path) -> StaticFile:
    kind = mimetypes.types_map.get(path.suffix, "application/octet-stream")
    return StaticFile(path.read_bytes(), kind)


def _split(path: str) -> tuple[str, str]:
    """`VERSION/NAME` → both. The version is empty where the address has none."""
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
    is_for_good = version == files.version
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if is_for_good else "no-cache",
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
