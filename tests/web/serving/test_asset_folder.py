"""`ml-tracking-ops assets DIR` and `--assets DIR`: only the right bytes, and all or none."""

import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import anyio
import httpx
import pytest

from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.serving.assets.asset_folder import unpacked
from ml_tracking_ops.web.serving.assets.asset_source import AssetSource, integrity_of
from ml_tracking_ops.web.serving.assets.pinned import ASSETS, Asset

SCRIPT, STYLE = b"let drawn = 1;\n", b"p { color: red }\n"
FILES = {"dist/draw.min.js": SCRIPT, "dist/draw.min.css": STYLE}
PLACES = {f"@drawers/draw@1.2.3/{path}": data for path, data in FILES.items()}


@pytest.fixture(autouse=True)
def _small_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages need two files of one package, as small as they come."""
    for name in list(ASSETS):
        monkeypatch.delitem(ASSETS, name)
    for path, data in FILES.items():
        asset = Asset("@drawers/draw", "1.2.3", path, integrity_of(data))
        monkeypatch.setitem(ASSETS, path, asset)


def pack(
    path: Path,
    name: str = "@drawers/draw",
    version: str = "1.2.3",
    files: Mapping[str, bytes] = FILES,
) -> Path:
    """A tarball as `npm pack` makes them."""
    about = json.dumps({"name": name, "version": version}).encode()
    with tarfile.open(path, "w:gz") as archive:
        for place, data in {"package.json": about, **files}.items():
            member = tarfile.TarInfo(f"package/{place}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def found_in(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_tarball_or_a_folder_with_it_fills_the_folder(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    pack(packages / "other-9.tgz", name="other")
    tarball = pack(packages / "draw.tgz")
    for number, source in enumerate((tarball, packages)):
        folder = tmp_path / f"assets-{number}"
        assert main(["assets", str(folder), "--from", str(source)]) == 0
        assert found_in(folder) == PLACES


Make = Callable[[Path], object]


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (partial(pack, files={**FILES, "dist/draw.min.css": b"evil"}), 1, "is not the file that"),
        (partial(pack, files={"dist/draw.min.js": SCRIPT}), 1, "no file dist/draw.min.css"),
        (partial(pack, version="1.2.4"), 2, "needed: @drawers/draw@1.2.3"),
        (lambda path: path.write_bytes(b"\x1f\x8b no archive"), 2, "is not an npm package"),
        (lambda path: None, 2, "No such file"),
        (lambda path: path.mkdir(), 2, "npm pack @drawers/draw@1.2.3"),
    ],
    ids=["other bytes", "file missing", "other version", "no package", "nothing", "empty folder"],
)
def test_what_cannot_be_used_is_refused_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Make, code: int, words: str
) -> None:
    make(tmp_path / "given.tgz")
    folder = tmp_path / "assets"
    assert main(["assets", str(folder), "--from", str(tmp_path / "given.tgz")]) == code
    assert words in capsys.readouterr().err
    assert not folder.exists()


def test_unwritable_folder_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "assets").write_text("in the way")
    arguments = [str(tmp_path / "assets"), "--from", str(pack(tmp_path / "draw.tgz"))]
    assert main(["assets", *arguments]) == 1
    assert "cannot write to" in capsys.readouterr().err


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The test's output is not the place."""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """A registry that has the package, on a free port."""
    folder = tmp_path / "registry"
    handler = partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        about = folder / "@drawers" / "draw" / "1.2.3"
        about.parent.mkdir(parents=True)
        about.write_text(json.dumps({"dist": {"tarball": f"{address}/draw.tgz"}}))
        pack(folder / "draw.tgz")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield address
        server.shutdown()
        thread.join(60)


def test_registry_is_asked_where_there_is_no_npm(
    tmp_path: Path,
    registry: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", "")
    folder = str(tmp_path / "assets")
    assert main(["assets", folder]) == 2
    assert "--registry URL" in capsys.readouterr().err
    assert main(["assets", folder, "--registry", f"{registry}/nothing"]) == 1
    assert "404" in capsys.readouterr().err
    assert not Path(folder).exists()
    assert main(["assets", folder, "--registry", registry]) == 0
    assert found_in(Path(folder)) == PLACES


def test_changed_or_missing_file_is_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "assets"
    main(["assets", str(folder), "--from", str(pack(tmp_path / "draw.tgz"))])
    scripts, styles = (folder / place for place in PLACES)
    scripts.write_bytes(SCRIPT + b"//")
    styles.unlink()
    capsys.readouterr()
    assert main(["web", "--logdir", str(tmp_path), "--port", "0", "--assets", str(folder)]) == 2
    message = capsys.readouterr().err
    assert "draw.min.js: its bytes are not those of the package" in message
    assert "draw.min.css: No such file" in message
    assert f"ml-tracking-ops assets {folder}" in message


def test_page_and_its_policy_name_this_server_alone(tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    main(["assets", str(folder), "--from", str(pack(tmp_path / "draw.tgz"))])
    app = create_app(tmp_path, assets=AssetSource.from_folder(folder))

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path)

    page = anyio.run(ask, "/experiments")
    assert "://" not in page.headers["content-security-policy"]
    assert "cdn" not in page.text
    script = anyio.run(ask, "/assets/@drawers/draw@1.2.3/dist/draw.min.js")
    assert (script.content, script.headers["content-type"]) == (
        SCRIPT,
        "text/javascript; charset=utf-8",
    )
    assert "immutable" in script.headers["cache-control"]
    assert anyio.run(ask, "/assets/../draw.tgz").status_code == 404


def test_archive_bomb_is_refused(tmp_path):
    bomb = pack(tmp_path / "bomb.tgz", files={"zeros": bytes(8 << 20), **FILES}).read_bytes()
    assert len(bomb) < 1 << 20
    with pytest.raises(tarfile.ReadError, match="more than 1 MiB"):
        unpacked(bomb, max_bytes=1 << 20)
    assert len(unpacked(bomb)) > 8 << 20


def test_damaged_archive_is_refused(tmp_path, capsys):
    archive = pack(tmp_path / "damaged.tgz")
    archive.write_bytes(archive.read_bytes()[:60] + bytes(60))
    assert main(["assets", str(tmp_path / "assets"), "--from", str(archive)]) == 2
    assert "damaged.tgz is not an npm package" in capsys.readouterr().err
    assert not found_in(tmp_path / "assets")
