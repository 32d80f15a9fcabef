"""A page as one file: it opens without a server and without a network, and shows the same."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from assets import read_asset
from pages import finished_run, write_sweep
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect
from training import Training

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.serving.assets.pinned import ASSETS

Train = Callable[..., Training]
COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "snapshot"]
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    for asset in ASSETS.values():
        path = folder / asset.place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read_asset(asset))
    return folder


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A page without a network. A request fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_offline(True)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("dialog", lambda dialog: errors.append(f"dialog {dialog.message}"))
    yield page
    context.close()
    assert [one for one in asked if not one.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []


def sweep_of(logdir: Path, train: Train, n_runs: int = 30) -> None:
    events = [e for n in range(1, n_runs + 1) for e in finished_run(n, n / 100)]
    write_sweep(logdir / "s", events)
    for index in range(n_runs - 3, n_runs + 1):
        training = train("s", f"run_{index:04d}")
        training.log("Accuracy", 0, 50, f"{index} * step / 5000")
        training.log("loss", 0, 50, "1 / (step + 1)")
        training.finish()


def box_of(element: Locator) -> FloatRect:
    box = element.bounding_box()
    assert box is not None
    return box


def take(folder: Path, *arguments: str | Path) -> Path:
    output = folder / "page.html"
    done = subprocess.run(
        [*COMMAND, *map(str, arguments), "-o", str(output)],
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    return output


def test_page_of_a_sweep_opens_from_a_file_without_a_network(
    offline: Page, logdir: Path, train: Train, assets: Path, tmp_path: Path
) -> None:
    sweep_of(logdir, train)
    file = take(tmp_path, logdir / "s", "--view", "draw=all&state=finished", "--assets", assets)
    assert file.stat().st_size < 5_000_000
    assert "&quot;csrf&quot;" not in file.read_text()
    offline.goto(file.as_uri())
    chart = offline.locator('[data-metric="Accuracy"]')
    expect(chart).to_have_attribute("data-points", "200")
    expect(chart.locator("canvas")).to_have_count(1)
    expect(offline.locator("#table-rows tr")).to_have_count(30)
    expect(offline.locator("#best-value")).to_have_text("0.3")
    expect(offline.locator("#views-button")).to_be_hidden()
    room, table = offline.locator("[data-table]"), offline.locator("[data-table] table")
    assert box_of(table)["width"] == pytest.approx(box_of(room)["width"], abs=1)
    expect(offline.get_by_text("Snapshot, 20")).to_be_visible()
    offline.locator("#metric").select_option("loss")
    expect(offline.locator('[data-metric="loss"]')).to_have_attribute("data-points", "200")
    chart = offline.locator('[data-metric="loss"] .u-over')
    chart.hover()
    expect(offline.locator(".tooltip").last).to_be_visible()
    offline.locator("#insight").scroll_into_view_if_needed()
    expect(offline.locator(".insight-canvas")).to_have_attribute("data-runs", "30")


def test_snapshot_has_derived_metrics_and_the_columns_of_a_scatter(
    offline: Page, logdir: Path, train: Train, assets: Path, tmp_path: Path
) -> None:
    sweep_of(logdir, train)
    gap = "gap := Accuracy - loss"
    view = f"derive={quote(gap)}&draw=all&panel=scatter&across=last.loss&metric={quote(gap)}"
    file = take(tmp_path, logdir / "s", "--view", view, "--assets", assets)
    offline.goto(file.as_uri())
    expect(offline.locator(f'[data-metric="{gap}"]')).to_have_attribute("data-points", "200")
    offline.locator("#insight").scroll_into_view_if_needed()
    expect(offline.locator(".insight-canvas")).to_have_attribute("data-runs", "30")


def test_page_of_a_run_opens_from_a_file(
    offline: Page, logdir: Path, train: Train, assets: Path, tmp_path: Path
) -> None:
    sweep_of(logdir, train)
    (logdir / "s" / "run_0030.log").write_text("epoch 1\n")
    view = ("--view", "smoothing=0.5")
    file = take(tmp_path, logdir / "s", "30", *view, "--assets", assets)
    offline.goto(file.as_uri())
    expect(offline.locator('[data-metric="loss"]')).to_have_attribute("data-points", "50")
    expect(offline.get_by_label("Smoothing")).to_have_value("0.5")
    expect(offline.get_by_text("epoch 1")).to_be_visible()


def test_texts_of_others_are_shown_and_do_nothing(
    offline: Page, logdir: Path, assets: Path, tmp_path: Path
) -> None:
    events = finished_run(1, 0.5, state="failed", reason=HOSTILE)
    events[0]["hyperparameters"] = {HOSTILE: HOSTILE}
    write_sweep(logdir / "s", events)
    notes = {"name": HOSTILE, "note": HOSTILE}
    (logdir / "s" / "annotations.json").write_text(json.dumps({"sweep": notes}))
    offline.goto(take(tmp_path, logdir / "s", "--assets", assets).as_uri())
    expect(offline.locator("#run-1")).to_contain_text("</script>")
    expect(offline.locator("img[src=x]")).to_have_count(0)


PIXEL = """image => {
  const context = document.createElement("canvas").getContext("2d");
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 0, 1, 1).data];
}"""


@pytest.fixture
def images(logdir: Path) -> ExperimentLogger:
    noise = np.random.default_rng(0)
    with ExperimentLogger(logdir) as writer:
        writer.add_scalar("loss", 1.0, 0)
        for step in (0, 10):
            flat = np.full((30, 40, 3), 100 + step, np.uint8)
            writer.add_image("samples", flat, step, caption=f"{HOSTILE} at {step}")
            writer.add_image("large", noise.integers(0, 255, (700, 900, 3), np.uint8), step)
            writer.add_text("answer", f"**{step}** is right", step)
            writer.add_histogram("weights", [0.0, 1.0 + step], step)
            writer.add_table("rows", [{"label": "cat", "p": step}], step)
    return writer


def test_snapshot_of_a_run_holds_the_last_of_its_images_and_the_like(
    offline: Page, images: ExperimentLogger, assets: Path, tmp_path: Path
) -> None:
    file = take(tmp_path, Path(images.folder), "--assets", assets)
    assert file.stat().st_size < 5_000_000
    offline.goto(file.as_uri())
    offline.locator("[data-media]").scroll_into_view_if_needed()
    samples = offline.get_by_role("article", name="image samples")
    expect(samples).to_contain_text(f"{HOSTILE} at 10")
    image = samples.get_by_role("img")
    image.evaluate("image => image.decode()")
    assert image.evaluate(PIXEL) == [110, 110, 110, 255]
    large = offline.get_by_role("article", name="image large").get_by_role("img")
    expect(large).to_have_js_property("naturalWidth", 480)
    for name, text in {"text answer": "10 is right", "table rows": "cat10"}.items():
        card = offline.get_by_role("article", name=name)
        card.scroll_into_view_if_needed()
        expect(card).to_contain_text(text)
    weights = offline.get_by_role("article", name="histogram weights")
    weights.scroll_into_view_if_needed()
    expect(weights).to_contain_text("step 10 · 2 values")
    weights.get_by_role("slider").fill("0")
    expect(weights).to_contain_text("step 0 · 2 values")


def test_snapshot_of_a_sweep_holds_the_images_of_its_table(
    offline: Page, logdir: Path, assets: Path, tmp_path: Path
) -> None:
    write_sweep(logdir / "s", finished_run(1, 0.5))
    with ExperimentLogger.at(logdir / "s" / "run_0001.dat") as writer:
        writer.add_scalar("Accuracy", 0.5, 0)
        writer.add_image("samples", np.full((30, 40, 3), 7, np.uint8), 3)
    view = ("--view", "columns=image.samples")
    file = take(tmp_path, logdir / "s", *view, "--assets", assets)
    offline.goto(file.as_uri())
    image = offline.get_by_role("img", name="The last image samples, step 3")
    image.scroll_into_view_if_needed()
    image.evaluate("image => image.decode()")
    assert image.evaluate(PIXEL) == [7, 7, 7, 255]


def test_pages_of_comparisons_and_experiments_open_from_files(
    offline: Page, logdir: Path, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("a", "b", "c")):
        (logdir / name).mkdir(parents=True)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(logdir / name / f"{name}.dat"))
        with ExperimentLogger(config={"lr": 10.0**-number}) as writer:
            for step in range(5):
                writer.add_scalar("val/loss", 1.0 / (number + step + 1), step)
    where = ("--logdir", logdir, "--assets", assets)
    offline.goto(take(tmp_path, logdir / "a", logdir / "b", *where).as_uri())
    expect(offline.get_by_role("heading", name="Compare")).to_be_visible()
    chart = offline.locator('[data-metric="val/loss"]')
    expect(chart).to_have_attribute("data-points", "10")
    view = "table=1&panel=history"
    offline.goto(take(tmp_path, "--page", "experiments", "--view", view, *where).as_uri())
    expect(chart).to_have_attribute("data-points", "15")
    expect(offline.locator("#table-rows tr")).to_have_count(3)
    expect(offline.locator(".insight-canvas")).to_have_attribute("data-runs", "3")
    expect(offline.locator("#insight")).to_contain_text("Best val/loss so far")


def test_difference_of_scaled_images_says_what_was_measured(
    offline: Page, logdir: Path, assets: Path, tmp_path: Path
) -> None:
    noise, folders = np.random.default_rng(0), []
    for level in (10, 20):
        with ExperimentLogger(logdir) as writer:
            writer.add_image("large", noise.integers(0, 255, (700, 900, 3), np.uint8), 0)
            small = np.zeros((30, 40, 3), np.uint8)
            small[0, 0, 2] = level
            writer.add_image("small", small, 0)
        folders.append(Path(writer.folder))
    where = ("--logdir", logdir, "--assets", assets)
    offline.goto(take(tmp_path, *folders, *where).as_uri())
    offline.locator("[data-media]").scroll_into_view_if_needed()
    note = "Measured on images that were scaled for this snapshot."
    for name, n_notes in {"large": 1, "small": 0}.items():
        row = offline.get_by_role("article", name=f"image {name}")
        row.get_by_label(f"How {name} is compared").select_option("Difference")
        expect(row).to_contain_text("of the pixels differ")
        expect(row.get_by_text(note)).to_have_count(n_notes)
    expect(row).to_contain_text("the largest difference is 10 of 255 (drawn brightest)")


def test_snapshot_holds_the_steps_of_histograms_that_it_shows(
    offline: Page, logdir: Path, assets: Path, tmp_path: Path
) -> None:
    with ExperimentLogger(logdir) as writer:
        for step in range(300):
            writer.add_histogram("weights", [0, step], step)
        writer.add_histogram("weights", [0, 7, 8], 299)
    offline.goto(take(tmp_path, Path(writer.folder), "--assets", assets).as_uri())
    weights = offline.get_by_role("article", name="histogram weights")
    weights.scroll_into_view_if_needed()
    expect(weights).to_contain_text("step 299 · 3 values")
    expect(weights.get_by_role("button", name="Histogram before")).to_be_hidden()
    slider = weights.get_by_role("slider")
    expect(slider).to_have_attribute("max", "149")
    slider.fill("1")
    expect(weights).to_contain_text("step 2 · 2 values · 0 to 2")
