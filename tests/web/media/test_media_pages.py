"""Images and other media that the dashboard sends, and hostile ones that it does not send."""

import io
import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pages import Client, page_data
from PIL import Image

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.media.encoding.png import encode_png

IMAGE = "/api/media/step?run={run}&kind=image&name=a"


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def writer(logdir: Path) -> ExperimentLogger:
    writer = ExperimentLogger(logdir)
    writer.add_scalar("loss", 1.0, 0)
    return writer


@pytest.fixture
def run(writer: ExperimentLogger) -> str:
    return Path(writer.folder).name


def ask(client: Client, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json()


def noise(side: int) -> bytes:
    return encode_png(np.random.default_rng(1).integers(0, 255, (side, side, 3), np.uint8))


def planted(writer: ExperimentLogger, data: bytes, suffix: str = ".png", **changes: Any) -> Path:
    """A file that a stranger put there, and its line in the index."""
    folder = Path(writer.path).with_suffix(".files") / "logged_media"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{'0' * 31}{len(os.listdir(folder))}{suffix}"
    path.write_bytes(data)
    line = {
        "kind": "image",
        "name": "a",
        "step": 1,
        "time": 5.0,
        "file": f"{folder.parent.name}/logged_media/{path.name}",
        "bytes": len(data),
        **changes,
    }
    with open(writer.path.replace(".dat", ".media.jsonl"), "a") as index:
        index.write(json.dumps(line) + "\n")
    return path


def test_cards_show_their_steps_and_nothing_else_is_sent(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    for step in range(0, 30, 10):
        writer.add_image("a", noise(4), step)
        writer.add_histogram("w", [1.0, 2.0], step)
    found = ask(Client(logdir), f"/api/media?run={run}")
    assert found["cards"] == [
        {"kind": "image", "name": "a", "steps": [0, 10, 20], "count": 3, "keep": 0},
        {"kind": "histogram", "name": "w", "steps": [0, 10, 20], "count": 3, "keep": 0},
    ]


def test_page_of_a_run_contains_no_media(logdir: Path, writer: ExperimentLogger, run: str) -> None:
    client = Client(logdir)
    before = client.get(f"/runs/{run}").text
    assert " hidden" in before.split("data-media")[1].split(">")[0]
    for step in range(200):
        writer.add_image("a", noise(4), step, caption="secret")
    after = client.get(f"/runs/{run}").text
    assert " hidden" not in after.split("data-media")[1].split(">")[0]
    assert len(after) < len(before) + 100
    assert page_data(after)["follow"][f"media={run}"] > 1_000


def test_step_before_the_asked_one_is_shown_and_its_image_is_sent(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    writer.add_image("a", noise(4), 10, caption="ten")
    writer.add_image("a", noise(5), 20)
    client = Client(logdir)
    found = ask(client, IMAGE.format(run=run) + "&step=15")
    (item,) = found["items"]
    assert (found["step"], item["caption"], item["width"]) == (10, "ten", 4)
    answer = client.get(item["href"])
    assert answer.content == noise(4)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(item["href"].replace("step=10", "step=11")).status_code == 404


def test_many_of_one_step_come_in_parts(logdir: Path, writer: ExperimentLogger, run: str) -> None:
    for number in range(30):
        writer.add_image("a", noise(4), 0, caption=str(number))
    client = Client(logdir)
    found = ask(client, IMAGE.format(run=run))
    assert (found["n_items"], len(found["items"])) == (30, 24)
    rest = ask(client, IMAGE.format(run=run) + "&first=24")
    assert [item["caption"] for item in rest["items"]] == [str(n) for n in range(24, 30)]
    assert client.get(rest["items"][5]["href"]).content == noise(4)


def test_large_image_has_a_small_one(logdir: Path, writer: ExperimentLogger, run: str) -> None:
    writer.add_image("a", noise(1_000), 0)
    client = Client(logdir)
    (item,) = ask(client, IMAGE.format(run=run))["items"]
    for number, side in (("1", 480), ("2", 960)):
        small = client.get(item["thumb"].replace("thumb=1", f"thumb={number}"))
        assert small.headers["content-type"] == "image/webp"
        assert Image.open(io.BytesIO(small.content)).size == (side, side)


def test_images_of_equal_size_in_bytes_have_addresses_and_small_images_of_their_own(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    flat = [encode_png(np.full((600, 600, 1), level, np.uint8)) for level in (10, 200)]
    assert len(flat[0]) == len(flat[1])
    client = Client(logdir)
    versions, levels = set(), []
    for data in flat:
        writer.add_image("a", data, 0)
        item = ask(client, IMAGE.format(run=run))["items"][-1]
        versions.add(item["href"].partition("&v=")[2])
        small = client.get(item["href"] + "&thumb=1")
        levels.append(Image.open(io.BytesIO(small.content)).getpixel((5, 5)))
    assert len(versions) == 2
    assert levels[0] != levels[1]


def test_text_is_markdown_that_can_do_nothing(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    hostile = (
        "# Title\n<script>alert(1)</script> <img src=x onerror=alert(1)>\n\n"
        "[a](javascript:alert(1)) [b](data:text/html,x) [c](https://example.org) "
        "![d](http://x/y.png)"
        "\n\n<a href='javascript:alert(1)'>e</a> <form><input></form>\n\n| h |\n|---|\n| 1 |\n"
    )
    writer.add_text("t", hostile, 0)
    found = ask(Client(logdir), f"/api/media/step?run={run}&kind=text&name=t")
    html = found["items"][0]["html"]
    assert "<h1>Title</h1>" in html
    assert "<td>1</td>" in html
    assert 'href="https://example.org"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    for part in ("<script", "<img", "<form", "<input", 'href="javascript', 'href="data'):
        assert part not in html


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "> " * 5_000, "*a " * 30_000, "`" * 9_999, "\x00\ud800x"]
)
def test_text_that_is_made_to_be_slow_or_broken_is_shown(
    logdir: Path, writer: ExperimentLogger, run: str, text: str
) -> None:
    writer.add_text("t", text, 0)
    found = ask(Client(logdir), f"/api/media/step?run={run}&kind=text&name=t")
    assert found["items"][0]["html"]


def test_table_is_sorted_filtered_and_cut(logdir: Path, writer: ExperimentLogger, run: str) -> None:
    labels = ["cat", "dog", "cat", None]
    writer.add_table("t", {"label": labels, "p": [0.2, 0.9, float("nan"), 0.5]}, 3)
    client, address = Client(logdir), f"/api/media/table?run={run}&kind=table&name=t"
    found = ask(client, address)
    assert found["columns"] == ["label", "p"]
    assert found["rows"][2] == ["cat", "NaN"]
    assert found["is_number"] == [False, True]
    largest = ask(client, f"{address}&sort=1&down=1")["rows"]
    assert [row[1] for row in largest] == [0.9, 0.5, 0.2, "NaN"]
    assert [row[1] for row in ask(client, f"{address}&sort=1")["rows"]] == [0.2, 0.5, 0.9, "NaN"]
    assert ask(client, f"{address}&search=CAT")["n_matching"] == 2
    assert ask(client, f"{address}&search=p>0.4")["rows"] == [["dog", 0.9], [None, 0.5]]
    assert ask(client, f"{address}&search=label=cat+p<1")["rows"] == [["cat", 0.2]]
    assert ask(client, f"{address}&first=1&number=2")["rows"][0] == ["dog", 0.9]


def test_histograms_of_all_steps_share_their_bins(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    for step in range(300):
        writer.add_histogram("w", np.linspace(step, step + 1, 101), step)
    writer.add_histogram("w", [float("nan")], 300)
    found = ask(Client(logdir), f"/api/media/histograms?run={run}&name=w")
    assert found["n_steps"] == 301
    assert len(found["steps"]) == 150
    assert (found["steps"][0], found["steps"][-1]) == (0, 300)
    assert (found["edges"][0], found["edges"][-1]) == (0.0, 299.0)  # of those that are sent
    assert sum(found["shares"][0]) == pytest.approx(1.0, abs=1e-4)
    assert found["percentiles"][0] == pytest.approx([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1], abs=0.03)
    assert found["percentiles"][-1] is None
    assert found["facts"][-1]["n_not_finite"] == 1


def test_sound_is_sent_in_parts(logdir: Path, writer: ExperimentLogger, run: str) -> None:
    writer.add_audio("s", [0.0] * 100, 0, sample_rate=8_000)
    client = Client(logdir)
    (item,) = ask(client, f"/api/media/step?run={run}&kind=audio&name=s")["items"]
    assert item["seconds"] == 100 / 8_000
    answer = client.get(item["href"])
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    "address",
    [
        "/api/media?run=nothing",
        "/api/media/step?run={run}&kind=image&name=nothing",
        "/media?run={run}&kind=image&name=nothing&step=0",
        "/api/media/table?run={run}&kind=table&name=nothing",
        "/api/media/histograms?run={run}&name=nothing",
    ],
)
def test_missing_item_is_not_found(logdir: Path, run: str, address: str) -> None:
    assert Client(logdir).get(address.format(run=run)).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/api/media/step?run={run}&kind=video&name=a",
        "/api/media/step?run={run}&kind=image",
        "/api/media/step?run={run}&kind=image&name=a&step=x",
        "/api/media/step?run={run}&kind=image&name=a&step=99999999999999999999",
    ],
)
def test_wrong_addresses_are_refused(logdir: Path, run: str, address: str) -> None:
    assert Client(logdir).get(address.format(run=run)).status_code == 400


# --- hostile files -------------------------------------------------------------------------------

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def image_of(client: Client, run: str) -> httpx.Response:
    return client.get(f"/media?run={run}&kind=image&name=a&step=1")


@pytest.mark.parametrize("data", [b"<html><script>alert(1)</script></html>", SVG, b"", b"%PDF-1.4"])
def test_other_file_is_a_download_whatever_its_name(
    logdir: Path, writer: ExperimentLogger, run: str, data: bytes
) -> None:
    planted(writer, data)
    client = Client(logdir)
    (item,) = ask(client, IMAGE.format(run=run))["items"]
    assert "no image" in item["trouble"]
    answer = image_of(client, run)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_image_bomb_affects_only_its_card(logdir: Path, writer: ExperimentLogger, run: str) -> None:
    side = 60_000
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    planted(writer, bomb + struct.pack(">I", zlib.crc32(chunk)))
    planted(writer, noise(4), step=2)
    client = Client(logdir)
    (item,) = ask(client, IMAGE.format(run=run) + "&step=1")["items"]
    assert item["trouble"] == "60000 × 60000 pixels are too many to show."
    assert "thumb" not in item
    assert client.get(f"/media?run={run}&kind=image&name=a&step=1&thumb=1").status_code == 200
    assert "trouble" not in ask(client, IMAGE.format(run=run) + "&step=2")["items"][0]


def test_column_of_a_table_says_why_it_shows_no_image(
    logdir: Path, writer: ExperimentLogger
) -> None:
    planted(writer, b"<html><script>alert(1)</script></html>")
    writer.add_text("b", "<img src=x onerror=alert(1)> & more", 1)
    page = Client(logdir).get("/experiments?table=1&columns=image.a&columns=text.b").text
    assert "This file is no image that can be shown." in page
    assert "/media?" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in page
    assert "<img src=x" not in page


def test_broken_image_is_sent_unchanged_without_a_thumbnail(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    data = noise(900)
    planted(writer, data[: len(data) // 2])
    client = Client(logdir)
    (item,) = ask(client, IMAGE.format(run=run))["items"]
    assert client.get(item["thumb"]).headers["content-type"] in ("image/png", "image/webp")


def test_links_lead_nowhere(
    logdir: Path, writer: ExperimentLogger, run: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(noise(4))
    path = planted(writer, noise(4))
    path.unlink()
    path.symlink_to(secret)
    client = Client(logdir)
    assert "no longer exists" in ask(client, IMAGE.format(run=run))["items"][0]["trouble"]
    assert image_of(client, run).status_code == 404
    path.unlink()
    path.parent.rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / path.name).write_bytes(noise(4))
    path.parent.symlink_to(tmp_path / "elsewhere")
    assert image_of(client, run).status_code == 404


@pytest.mark.parametrize(
    "file",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "x.files/logged_media/../../x.png",
        "x.files/logged_media/" + "0" * 32 + ".html",
        "x.files/other/" + "0" * 32 + ".png",
        "..\\x.files/logged_media/" + "0" * 32 + ".png",
        5,
        None,
    ],
)
def test_lines_that_name_other_files_are_ignored(
    logdir: Path, writer: ExperimentLogger, run: str, file: object
) -> None:
    planted(writer, noise(4), file=file)
    assert ask(Client(logdir), f"/api/media?run={run}")["cards"] == []


def test_foreign_index_is_read_as_far_as_it_is_valid(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    writer.add_text("good", "x", 0)
    lines: list[object] = [
        {"kind": "text", "name": "t", "step": 1e400, "time": 1, "text": "x"},
        {"kind": "text", "name": "t", "step": True, "time": 1, "text": "x"},
        {"kind": "text", "name": "", "step": 1, "time": 1, "text": "x"},
        {"kind": "text", "name": "t", "step": 1, "time": "now", "text": "x"},
        {"kind": "text", "name": "t", "step": 1 << 70, "time": 1, "text": "x"},
        {"kind": "script", "name": "t", "step": 1, "time": 1},
        {"kind": "histogram", "name": "h", "step": 1, "time": 1, "counts": [-1], "edges": [0, 1]},
        {"kind": "histogram", "name": "h", "step": 2, "time": 1, "counts": "x", "edges": {}},
        {"kind": "text", "name": "half \ud800", "step": 1, "time": 1, "text": "\ud800"},
        [],
        5,
    ]
    index = Path(writer.path.replace(".dat", ".media.jsonl"))
    with index.open("ab") as file:
        for line in lines:
            file.write(json.dumps(line).encode() + b"\n")
        file.write(b"\xff\xfe{\n" + b"[" * 100_000 + b"\n" + b"x" * (3 << 20) + b"\n")
    writer.add_text("good", "y", 1)
    client = Client(logdir)
    cards = ask(client, f"/api/media?run={run}")["cards"]
    assert [(card["name"], card["steps"]) for card in cards] == [
        ("good", [0, 1]),
        ("half \ufffd" if "half ?" not in str(cards) else "half ?", [1]),
        ("h", [1, 2]),
    ]
    assert ask(client, f"/api/media/histograms?run={run}&name=h")["steps"] == []


def test_foreign_table_is_refused(logdir: Path, writer: ExperimentLogger, run: str) -> None:
    client = Client(logdir)
    address = f"/api/media/table?run={run}&kind=table&name=a"
    wide = json.dumps({"columns": [f"c{n}" for n in range(1_001)], "rows": [[0] * 1_001]})
    long = json.dumps({"columns": ["a"], "rows": [["x" * (17 << 20)]]})
    broken = (b"{}", b"[" * 100_000, b'{"columns":["a"],"rows":[[1,2]]}')
    for step, data in enumerate((*broken, wide.encode(), long.encode(), b"[" + b"9" * 100_000)):
        planted(writer, data, ".json", kind="table", step=step)
        assert client.get(f"{address}&step={step}").status_code == 404


def test_foreign_table_shows_at_most_as_many_rows_as_can_be_logged(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    rows = json.dumps({"columns": ["a"], "rows": [[n] for n in range(20_000)]}).encode()
    planted(writer, rows, ".json", kind="table", of_rows=-4)
    found = ask(Client(logdir), f"/api/media/table?run={run}&kind=table&name=a")
    assert (found["n_kept"], found["n_rows"]) == (10_000, 20_000)


def test_only_the_beginning_of_a_foreign_text_is_read(
    logdir: Path, writer: ExperimentLogger, run: str
) -> None:
    path = planted(writer, b"x" * (70 << 20), ".txt", kind="text")
    (item,) = ask(Client(logdir), f"/api/media/step?run={run}&kind=text&name=a")["items"]
    path.unlink()
    assert item["is_cut"]
    assert item["html"].count("x") == 100_000
