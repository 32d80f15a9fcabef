"""A run's files on its page: listed, shown safely, downloaded whole and in part."""

from pathlib import Path

import anyio
import httpx
import pytest
from pages import HOSTILE, Client

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.app import create_app


@pytest.fixture
def run(logdir: Path) -> str:
    with ExperimentLogger(logdir) as writer:
        writer.add_scalar("Loss", 1.0, 0)
        folder = Path(writer.run_dir)
    (folder / "plots").mkdir()
    (folder / "plots" / "loss curve.png").write_bytes(b"\x89PNG")
    (folder / "page.html").write_text("<script>alert(1)</script>")
    (folder / "model.pt").write_bytes(b"0123456789")
    (folder / (HOSTILE.replace("/", "") + ".txt")).write_text("x")
    (folder / "link.txt").symlink_to("/etc/passwd")
    return Path(writer.folder).name


def test_files_are_listed_with_their_sizes(client: Client, run: str) -> None:
    page = client.get(f"/runs/{run}").text

    assert "plots/loss curve.png" in page
    assert "10 B" in page
    assert "link.txt" not in page
    assert "<script>alert" not in page


def test_texts_are_shown_as_plain_text_in_a_sandbox(client: Client, run: str) -> None:
    shown = client.get(f"/files/{run}?path=page.html&show=1")

    assert shown.text == "<script>alert(1)</script>"
    assert shown.headers["content-type"] == "text/plain; charset=utf-8"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]


def test_images_are_shown_as_what_their_names_say(client: Client, run: str) -> None:
    shown = client.get(f"/files/{run}?path=plots/loss%20curve.png&show=1")

    assert shown.headers["content-type"] == "image/png"
    assert shown.content == b"\x89PNG"


def test_other_files_are_downloads(client: Client, run: str) -> None:
    assert client.get(f"/files/{run}?path=model.pt&show=1").status_code == 415
    found = client.get(f"/files/{run}?path=model.pt")

    assert found.content == b"0123456789"
    assert found.headers["content-type"] == "application/octet-stream"
    assert found.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("path", ["link.txt", "../", "%2Fetc%2Fpasswd", "missing", ""])
def test_nothing_else_is_found(client: Client, run: str, path: str) -> None:
    assert client.get(f"/files/{run}?path={path}").status_code == 404
    assert client.get(f"/files/nothing?path={path}").status_code == 404


def test_a_download_can_be_resumed(logdir: Path, run: str) -> None:
    async def get(**headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(logdir))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as asker:
            return await asker.get(f"/files/{run}?path=model.pt", headers=headers)

    part = anyio.run(lambda: get(range="bytes=6-"))

    assert part.status_code == 206
    assert part.content == b"6789"
    assert anyio.run(lambda: get(range="bytes=60-")).status_code == 416
