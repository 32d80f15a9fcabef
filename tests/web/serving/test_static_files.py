"""Our own scripts and styles as the app serves them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.serving.static_files import (
    MAIN,
    SCRIPT,
    STYLE,
    THEME_FIRST,
    StaticFile,
    StaticFiles,
    modules_in,
    static_files,
    with_theme_choice,
)


def _files(**sources: str) -> StaticFiles:
    named = {
        f"{name}.js": StaticFile(text.encode(), "text/javascript") for name, text in sources.items()
    }
    return StaticFiles((), named)


def test_version_follows_every_byte_of_every_file() -> None:
    one = _files(a="1;", b="2;")
    assert one.version == _files(a="1;", b="2;").version
    assert one.version != _files(a="1;", b="3;").version
    assert one.version != _files(a="1;", c="2;").version
    assert one.version != _files(a="1;2;", b="").version


def test_style_holds_every_style_sheet_once() -> None:
    files = static_files().files
    sheets = {name for name in files if name.endswith(".css")} - {STYLE}
    whole = files[STYLE].data.decode()
    for name in sheets:
        assert whole.count(with_theme_choice(files[name].data.decode())) == 1


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.anyio
async def test_page_refers_to_files_that_browsers_keep(client: httpx.AsyncClient) -> None:
    files = static_files()
    page = (await client.get("/experiments")).text
    assert page.count("<script") == 2
    for name in (THEME_FIRST, SCRIPT):
        assert f'src="{files.href(name)}"' in page
        answer = await client.get(files.href(name))
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content == files.files[name].data


def test_scripts_hold_every_module_once() -> None:
    files = static_files().files
    parts = [files[name].data.decode() for name in (SCRIPT, "rest.js")]
    names = modules_in(files)
    assert {MAIN, "tables/main.js", "insight/main.js", "media/main.js"} < names.keys()
    for name in names:
        assert [part.count(f'makers["{name}"] = ') for part in parts] in ([1, 0], [0, 1]), name
    assert f'need("{MAIN}")' in parts[0]


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["", "v-0123456789abcdef/"])
async def test_file_without_the_latest_version_is_requested_each_time(
    client: httpx.AsyncClient, version: str
) -> None:
    path = f"/static/{version}page.js"
    answer = await client.get(path)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-encoding"] == "gzip"
    again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content == static_files().files["page.js"].data


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["none.js", "v-1/a.js", "%2e%2e/app.py", "x/y/main.js", ""])
async def test_other_addresses_lead_nowhere(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/static/{path}")).status_code == 404
