"""What holds for every page: narrow screens, themes, no CDN, keyboard, accessible names."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from assets import AXE, read_asset
from cdn import Files
from dashboard import Dashboard
from playwright.sync_api import Page, Route, expect
from tabs import CDN, Tabs
from training import SweepFiles, Training

Train = Callable[..., Training]
GUIDELINES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = """() => [document.documentElement.scrollWidth, [...document.querySelectorAll("body *")]
    .filter((element) => element.scrollWidth > element.clientWidth && element.clientWidth > 1)
    .map((element) => `${element.tagName}#${element.id}.${element.className}`)]"""
VALUE = ".best-hyperparameters [title='0.12345']"
LONG = "a-name-that-is-far-too-long-for-any-column-" * 3


@pytest.fixture
def addresses(dashboard: Dashboard, logdir: Path, train: Train) -> list[str]:
    """Every page, with content that tries its layout."""
    experiment = train(LONG.strip("-"))
    experiment.log("metric/with/a/very/long/name/" * 4, 0, 30)
    experiment.log("Loss", 0, 30)
    sweep = SweepFiles(logdir / "s", main_script_name=f"{LONG}.py")
    name = sweep.start(1, **{f"hyperparameter_{n}": n / 7 for n in range(8)}, text=LONG)
    training = train("s", name)
    training.log("Accuracy", 0, 30)
    training.log("m" * 200, 0, 30)
    training.dat_path.with_suffix(".log").write_text("x" * 3000 + "\n")
    sweep.end(1, "failed", reason=f"exit code 1: {LONG}", exit_code=1)
    sweep.close()
    of_one = [f"/runs/s/{name}", f"/runs/{LONG.strip('-')}"]
    ids = urlencode([("run", one.removeprefix("/runs/")) for one in of_one])
    compared = [f"/compare?{ids}&run=gone&equal=1&outputs=1", "/compare?find=run"]
    paths = ["/experiments", "/sweeps", "/sweeps/s?panel=scatter", *of_one, *compared, "/nothing"]
    return [dashboard.url + path for path in paths]


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_no_page_is_wider_than_the_screen(tabs: Tabs, addresses: list[str], width: int) -> None:
    page = tabs.open(width=width)
    for address in addresses:
        page.goto(address)
        expect(page.locator("#page-data")).to_be_attached()
        wide, suspects = page.evaluate(WIDTHS)
        assert wide <= width, f"{address} is {wide} px wide: {suspects}"
    tabs.errors = [error for error in tabs.errors if "404" not in error]


@pytest.mark.parametrize("width", [390, 1440])
def test_state_and_values_of_a_run_are_whole_on_every_screen(
    tabs: Tabs, dashboard: Dashboard, logdir: Path, width: int
) -> None:
    sweep = SweepFiles(logdir / "s")
    sweep.start(1, **{LONG: 0.12345})
    reason = "stopped early at step 5: no better than 0.5 for 5 values"
    sweep.end(1, "early_stopped", best_value=0.5, best_step=5, reason=reason)
    sweep.close()
    page = tabs.open(width=width)
    page.goto(f"{dashboard.url}/sweeps")
    for whole in (".state-cell", ".state-cell .state", VALUE):
        room = page.locator(whole).evaluate("e => e.clientWidth - e.scrollWidth")
        assert room >= 0, whole
    assert page.locator(".best-hyperparameters").evaluate("e => e.clientWidth >= e.scrollWidth")
    expect(page.locator("#run-1 .why")).to_have_attribute("data-why", reason)


def test_name_that_is_cut_is_copied_as_one_word(page: Page, addresses: list[str]) -> None:
    page.goto(addresses[0])
    select = "e => getSelection().selectAllChildren(e) ?? getSelection().toString()"
    assert page.locator("#run-list .run-name").evaluate(select) == LONG.strip("-")


def test_without_the_cdn_tables_work_and_missing_files_are_named(
    tabs: Tabs, addresses: list[str]
) -> None:
    tabs.expected = "ERR_FAILED"
    page = tabs.open(has_cdn=False)
    page.goto(addresses[1])
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("charts need uPlot")
    expect(banner).to_contain_text("cdn.jsdelivr.net")
    expect(page.locator("#connection")).to_have_text("Partly live")
    expect(page.locator("#run-1")).to_contain_text("Failed")
    page.get_by_role("columnheader", name="learning_rate").get_by_role("link").click()
    expect(page.locator("#run-1")).to_contain_text("Failed")
    page.locator("#run-1 th a").click()
    expect(page.get_by_role("heading", name="Run 1")).to_be_visible()
    expect(page.get_by_role("log", name="Output of the run")).to_contain_text("xxx")
    page.goto(addresses[0])
    values = page.locator("[data-metric=Loss] tbody tr")
    expect(values.locator("td")).to_have_text(["0.033333", "29", "0.033333", "1"])
    assert tabs.expected_errors


def test_script_with_other_bytes_is_refused(
    tabs: Tabs, addresses: list[str], cdn_files: Files
) -> None:
    def answer(route: Route) -> None:
        data, content_type = cdn_files[route.request.url]
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(body=data + b"\n", content_type=content_type, headers=headers)

    tabs.expected = "integrity"
    page = tabs.open()
    page.route(CDN, answer)
    page.goto(addresses[0])
    expect(page.get_by_role("alert")).to_contain_text("charts need uPlot")
    assert page.evaluate("'uPlot' in window || 'htmx' in window") is False
    assert tabs.expected_errors


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme_follows_the_system(tabs: Tabs, addresses: list[str], theme: str) -> None:
    page = tabs.open(theme=theme)
    page.goto(addresses[0])
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in background[4:-1].split(","))
    assert (brightness < 200) == (theme == "dark")


def test_navigation_keeps_the_document_and_its_scripts(tabs: Tabs, addresses: list[str]) -> None:
    page = tabs.open()
    page.goto(addresses[0])
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-points", "30")
    page.evaluate("window.wasHere = true")
    page.get_by_role("link", name="Sweeps").click()
    expect(page.locator('[data-metric="Accuracy"]')).to_have_attribute("data-points", "30")
    page.get_by_role("link", name="Experiments").last.click()
    expect(page.locator('[data-metric="Loss"]')).to_have_attribute("data-points", "30")
    assert page.evaluate("window.wasHere")
    page.go_back()
    expect(page.locator("#run-1")).to_be_visible()


def test_page_has_one_stream_at_a_time(page: Page, addresses: list[str]) -> None:
    streams: list[str] = []
    page.on("request", lambda request: "/events" in request.url and streams.append(request.url))
    page.goto(addresses[0])
    expect(page.locator("#connection")).to_have_text("Live")
    assert len(streams) == 1
    open_streams = "performance.getEntriesByType('resource').filter(e => /events/.test(e.name))"
    assert page.evaluate(f"{open_streams}.length") <= 1


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "dark")])
def test_pages_meet_the_accessibility_guidelines(
    tabs: Tabs, addresses: list[str], width: int, theme: str
) -> None:
    page = tabs.open(width=width, theme=theme, has_policy=False)
    for address in addresses:
        page.goto(address)
        page.evaluate(read_asset(AXE).decode())
        found = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(GUIDELINES)}}})")
        assert [
            (problem["id"], problem["nodes"][0]["html"]) for problem in found["violations"]
        ] == [], address
    tabs.errors = [error for error in tabs.errors if "404" not in error]
