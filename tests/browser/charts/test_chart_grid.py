"""The charts in a browser: what a person does with them, and what they then see."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from dashboard import Dashboard
from holding import scripts_held
from playwright.sync_api import Locator, Page, expect
from training import Training

Train = Callable[..., Training]


SVG = "{http://www.w3.org/2000/svg}"


def chart(page: Page, metric: str) -> Locator:
    return page.locator(f'[data-metric="{metric}"]')


def expect_runs(page: Page, metric: str, n_runs: int) -> None:
    expect(chart(page, metric)).to_have_attribute("data-runs", str(n_runs))


def point_at(page: Page, metric: str, x: float = 0.5, y: float = 0.5) -> None:
    box = chart(page, metric).locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def do_overlap(one: Locator, other: Locator) -> bool:
    a, b = one.bounding_box(), other.bounding_box()
    assert a is not None
    assert b is not None
    return all(
        a[start] < b[start] + b[size] and b[start] < a[start] + a[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


def is_within(inner: Locator, outer: Locator) -> bool:
    a, b = inner.bounding_box(), outer.bounding_box()
    assert a is not None
    assert b is not None
    return all(
        b[start] <= a[start] and a[start] + a[size] <= b[start] + b[size] + 1
        for start, size in (("x", "width"), ("y", "height"))
    )


@pytest.fixture
def two_runs(train: Train) -> None:
    """`b` is higher than `a` in every metric, and `a` has one value far above all others."""
    for name, level in (("a", 1), ("b", 2)):
        training = train(name)
        spike = " + (900 if step == 3 else 0)" if name == "a" else ""
        training.log("train/loss", 0, 200, f"{level} + 1 / (step + 1){spike}")
        training.log("train/acc", 0, 200, f"{level} + step / 200")
        training.log("rate", 0, 200, f"{level}")


def middle(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


@pytest.mark.usefixtures("two_runs")
def test_address_says_how_charts_are_drawn_and_the_way_back_works(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(f"{dashboard.url}/experiments?hide=a&smoothing=0.6&x=relative&log=y")
    expect_runs(page, "rate", 1)
    expect(page.get_by_label("Smoothing")).to_have_value("0.6")
    expect(page.get_by_role("combobox", name="x", exact=True)).to_have_value("relative")
    page.get_by_role("button", name="Display").click()
    expect(page.get_by_role("checkbox", name="y")).to_be_checked()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="a", exact=True).click()
    expect_runs(page, "rate", 2)
    page.get_by_role("button", name="Show only b").click()
    expect_runs(page, "rate", 1)
    expect(page).to_have_url(re.compile(r"solo=b"))
    page.get_by_role("combobox", name="x", exact=True).select_option("wall")
    page.reload()
    expect_runs(page, "rate", 1)
    expect(page.get_by_role("combobox", name="x", exact=True)).to_have_value("wall")
    page.go_back()
    expect(page.get_by_role("combobox", name="x", exact=True)).to_have_value("relative")
    page.go_back()
    expect_runs(page, "rate", 2)
    page.get_by_role("link", name="Show only b").click()
    expect(page).to_have_url(re.compile(r"[?&]run=b(&|$)"))
    expect(page).to_have_url(re.compile(r"[?&]smoothing=0\.6(&|$)"))
    expect(page.get_by_label("Smoothing")).to_have_value("0.6")


@pytest.mark.usefixtures("two_runs")
def test_charts_are_in_sections_that_fold_and_can_be_filtered_and_pinned(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(dashboard.url)
    expect_runs(page, "train/acc", 2)
    section = page.get_by_role("button", name=re.compile(r"^train"))
    section.click()
    expect(chart(page, "train/acc")).to_be_hidden()
    expect(chart(page, "rate")).to_be_visible()
    section.click()

    chart(page, "train/acc").get_by_role("button", name="Pin train/acc to the top").click()
    expect(page.locator(".chart").first).to_have_attribute("data-metric", "train/acc")
    expect(page.get_by_role("button", name=re.compile("^Pinned"))).to_be_visible()

    page.goto(dashboard.url)
    expect(page.locator(".chart").first).to_have_attribute("data-metric", "train/acc")

    search = page.get_by_role("searchbox", name=re.compile("Filter charts"))
    search.fill("^train/l")
    expect(chart(page, "rate")).to_have_count(0)
    expect(chart(page, "train/acc")).to_have_count(1)
    expect(page).to_have_url(re.compile("tags="))
    search.fill("(")
    expect(page.locator("#chart-filter-note")).to_have_text(
        "Not a regular expression: Unterminated group"
    )
    assert not do_overlap(page.locator("#chart-filter-note"), page.locator("#legend"))
    expect(chart(page, "train/loss")).to_be_visible()
    search.fill("nothing")
    expect(page.locator(".charts-note")).to_contain_text("None of the 3 metrics matches")
    page.reload()
    expect(search).to_have_value("nothing")
    expect(page.locator(".chart")).to_have_count(1)


HAS_LEFT = """([element, x]) => {
    const box = element.getBoundingClientRect();
    return Math.abs(box.left + box.width / 2 - x) > 1;
}"""
RESTS = """async (element) => {
    for (let nFrames = 0, last = NaN; nFrames < 30; nFrames += 1) {
        await new Promise(requestAnimationFrame);
        const { x } = element.getBoundingClientRect();
        if (x !== last) nFrames = 0;
        last = x;
    }
}"""


@pytest.mark.usefixtures("two_runs")
def test_cursors_follow_a_zoom_under_a_pointer_that_rests(page: Page, dashboard: Dashboard) -> None:
    page.goto(dashboard.url)
    expect_runs(page, "rate", 2)
    expect_runs(page, "train/loss", 2)
    point_at(page, "rate", 0.2, 0.9)
    page.mouse.down()
    point_at(page, "rate", 0.6, 0.9)
    mark = chart(page, "train/loss").locator(".point-mark")
    in_whole = middle(mark)
    page.mouse.up()
    expect(page).to_have_url(re.compile("zoom="))
    page.wait_for_function(HAS_LEFT, arg=[mark.element_handle(), in_whole])
    mark.evaluate(RESTS)
    rested = middle(mark)
    point_at(page, "rate", 0.61, 0.9)
    point_at(page, "rate", 0.6, 0.9)
    assert rested == pytest.approx(middle(mark), abs=1)


POINTS = """numbers => numbers.map((number) => {
    const range = document.createRange();
    range.setStart(number.firstChild, 0);
    range.setEnd(number.firstChild, number.textContent.indexOf("."));
    return range.getBoundingClientRect().right;
})"""


def test_listed_values_are_aligned_at_their_decimal_points(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    for name, level in (("a", "0.1234"), ("b", "0.5")):
        train(name).log("loss", 0, 3, level)
    page.goto(dashboard.url)
    expect_runs(page, "loss", 2)
    point_at(page, "loss", 0.5, 0.9)
    values = page.locator(".value-list-row .num")
    expect(values).to_have_text(["0.5", "0.1234"])
    first, second = values.evaluate_all(POINTS)
    assert first == pytest.approx(second, abs=1)


@pytest.mark.usefixtures("two_runs")
def test_pointing_lists_all_runs_beside_the_chart_and_reads_the_others_out(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(dashboard.url)
    expect_runs(page, "train/acc", 2)
    expect_runs(page, "rate", 2)
    point_at(page, "train/acc", 0.5, 0.9)
    found = chart(page, "train/acc").locator(".value-list")
    expect(found.locator(".value-list-name")).to_have_text(["b", "a"])
    expect(found.locator(".is-pointed")).to_contain_text("a")
    expect(chart(page, "rate").locator(".chart-readout")).to_have_text("1")
    expect(chart(page, "rate").locator(".point-mark")).to_be_visible()
    for kept in (chart(page, "train/acc"), chart(page, "rate"), page.locator(".topbar")):
        assert not do_overlap(found, kept)
    for metric in ("train/acc", "rate"):  # the line is at the point that is read out
        line, mark = (chart(page, metric).locator(one) for one in (".u-cursor-x", ".point-mark"))
        assert middle(line) == pytest.approx(middle(mark), abs=1)
    assert not do_overlap(
        chart(page, "train/acc").locator(".tooltip"), chart(page, "train/acc").locator(".u-over")
    )
    page.mouse.move(2, 2)
    expect(found).to_be_hidden()
    expect(chart(page, "rate").locator(".chart-readout")).to_have_text("")

    page.set_viewport_size({"width": 390, "height": 844})  # no room beside: below its own plot
    chart(page, "train/acc").scroll_into_view_if_needed()
    point_at(page, "train/acc")
    expect(found).to_have_class(re.compile("is-below"))
    assert is_within(found, chart(page, "train/acc"))
    assert not do_overlap(found, chart(page, "train/acc").locator(".chart-plot"))


@pytest.mark.usefixtures("two_runs")
def test_outliers_are_clipped_with_a_note_and_one_chart_fills_the_window(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(dashboard.url)
    expect_runs(page, "train/loss", 2)
    note = chart(page, "train/loss").locator(".chart-note")
    expect(note).to_have_text("")
    page.get_by_role("button", name="Display").click()
    page.get_by_role("combobox", name="y", exact=True).select_option("1")
    page.keyboard.press("Escape")
    expect(note).to_contain_text(re.compile(r"▲ [1-9].* outside"))

    neighbour = chart(page, "train/acc").bounding_box()
    page.get_by_role("button", name="Show train/loss in full screen").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    box = chart(page, "train/loss").bounding_box()
    assert box is not None
    assert box["width"] > 1300
    assert chart(page, "train/acc").bounding_box() == neighbour
    legend, values = page.get_by_role("dialog").locator("li"), page.locator(".full-legend-value")
    expect(values).to_have_text(["2.005", "1.005"])
    expect(legend).to_have_text([re.compile("^b"), re.compile("^a")])
    point_at(page, "train/loss", 0.01, 0.9)
    expect(page.locator(".full-legend-where")).to_have_text("step 2")
    expect(values).to_have_text(["2.3333", "1.3333"])
    page.mouse.move(2, 2)
    tools = page.get_by_role("dialog").locator(".full-tools")
    tools.get_by_role("checkbox", name="y").check()
    expect(page).to_have_url(re.compile("log=y"))
    tools.get_by_role("slider").fill("0.5")
    expect(page.locator(".full-legend-where")).to_have_text("Last value, smoothed")
    expect(page).to_have_url(re.compile("smoothing=0.5"))
    page.go_back()
    expect(tools.get_by_role("checkbox", name="y")).not_to_be_checked()
    tools.get_by_role("combobox", name="y").select_option("0")
    expect(page).not_to_have_url(re.compile("outliers="))
    expect(tools.get_by_role("slider")).to_have_value("0")
    legend.get_by_role("button", name="b", exact=True).press("Enter")
    expect_runs(page, "train/loss", 1)
    expect(legend.get_by_role("button", name="b", exact=True)).to_be_focused()
    expect(values).to_have_text(["1.005", "–"])
    page.get_by_role("dialog").get_by_role("button", name="Show all").click()
    expect_runs(page, "train/loss", 2)
    expect(page).to_have_url(re.compile("full="))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(chart(page, "train/loss")).to_be_visible()
    expect(page).not_to_have_url(re.compile("full="))


@pytest.mark.parametrize(
    ("values", "labels", "places"),
    [
        ("0.3 if step % 2 else 0.1 + 0.2", {"0.28", "0.30", "0.32"}, {198.0}),
        ("1e308 if step % 2 else -1e308", {"−1e308", "0", "1e308"}, {64.07, 331.93}),
    ],
)
def test_values_with_tiny_or_huge_ranges_have_curve_and_axis(
    page: Page,
    dashboard: Dashboard,
    train: Train,
    values: str,
    labels: set[str],
    places: set[float],
) -> None:
    train("x").log("m", 0, 20, values)
    page.goto(f"{dashboard.url}/experiments")
    frame = page.locator(".chart")
    expect(frame).to_have_attribute("data-points", "20")
    frame.hover()
    frame.locator("summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download SVG").click()
    root = ElementTree.parse(Path(download.value.path())).getroot()
    assert labels <= {element.text for element in root.iter(f"{SVG}text")}
    curve = max((path.get("d", "") for path in root.iter(f"{SVG}path")), key=len)
    found = [float(point.split(" ")[1]) for point in re.split("[ML]", curve)[1:]]
    assert len(found) == 20
    assert set(found) == places


def test_chart_is_kept_as_svg_and_png(page: Page, dashboard: Dashboard, train: Train) -> None:
    hostile = 'a<b>&"c'
    for name in ("x", "y"):
        train(name).log(hostile, 0, 50)
    page.goto(f"{dashboard.url}/experiments?outliers=5")
    frame = page.locator(".chart")
    expect(frame).to_have_attribute("data-runs", "2")
    frame.hover()
    frame.locator("summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download SVG").click()
    assert download.value.suggested_filename == "a-b-c-2-runs.svg"
    root = ElementTree.parse(Path(download.value.path())).getroot()
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert hostile in texts
    assert {"Step", "x", "y", "20", "▲ 4 outside"} <= set(texts)
    curves = [path for path in root.iter(f"{SVG}path") if len(path.get("d", "")) > 200]
    assert len(curves) == 2

    frame.locator("summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download PNG").click()
    png = Path(download.value.path()).read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == 1600

    page.get_by_role("button", name="x", exact=True).click()  # hidden runs are not exported
    expect(frame).to_have_attribute("data-runs", "1")
    frame.locator("summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Series as CSV").click()
    assert download.value.suggested_filename == "a-b-c-y.csv"
    lines = Path(download.value.path()).read_text().splitlines()
    assert len(lines) == 51
    assert all(line.startswith("y,") for line in lines[1:])


@pytest.mark.usefixtures("two_runs")
def test_legend_that_is_loaded_late_shows_the_values_at_a_resting_pointer(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(dashboard.url)
    expect_runs(page, "train/loss", 2)
    with scripts_held(page):
        page.get_by_role("button", name="Show train/loss in full screen").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        point_at(page, "train/loss", 0.01, 0.9)
        expect(chart(page, "train/loss").locator(".value-list")).to_be_visible()
    expect(page.locator(".full-legend-where")).to_have_text("step 2")
    expect(page.locator(".full-legend-value")).to_have_text(["2.3333", "1.3333"])
    expect(chart(page, "train/loss").locator(".value-list")).to_be_hidden()
