"""The Experiments page in a browser: what a person sees while training runs."""

import re
from collections.abc import Callable

from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect
from training import Training

Train = Callable[..., Training]


def chart(page: Page, metric: str) -> Locator:
    return page.locator(f'[data-metric="{metric}"]')


def expect_points(page: Page, metric: str, n_points: int) -> None:
    expect(chart(page, metric)).to_have_attribute("data-points", str(n_points))


def pixel_of(page: Page, metric: str, x: float, y: float) -> tuple[float, float]:
    """A place in a chart's plotting area, given as parts of its width and height."""
    box = chart(page, metric).locator(".u-over").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_points_of_another_process_appear_without_a_reload(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    training.log("Loss", 0, 10)
    page.goto(dashboard.url)
    expect_points(page, "Loss", 10)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    training.log("Loss", 10, 60)
    expect_points(page, "Loss", 60)
    assert [url for url in requests if "/api/" in url] == [], "points were fetched again"


def test_new_metric_gets_its_own_chart(page: Page, dashboard: Dashboard, train: Train) -> None:
    training = train("a")
    training.log("Loss", 0, 10)
    page.goto(dashboard.url)
    expect_points(page, "Loss", 10)
    training.log("Accuracy", 0, 5)
    expect_points(page, "Accuracy", 5)
    training.log("Accuracy", 5, 9)
    expect_points(page, "Accuracy", 9)


def test_new_experiment_appears_in_the_list_and_the_charts(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    page.goto(dashboard.url)
    expect(page.get_by_role("heading", name=re.compile("does not exist yet"))).to_be_visible()
    train("first").log("Loss", 0, 10)
    expect_points(page, "Loss", 10)
    train("second").log("Loss", 0, 5)
    expect(page.locator(".run-row")).to_have_count(2)
    expect_points(page, "Loss", 15)
    expect(page.locator("#showing")).to_contain_text("Showing 2 of 2")


def test_ended_experiment_says_so(page: Page, dashboard: Dashboard, train: Train) -> None:
    training = train("a")
    training.log("Loss", 0, 10)
    page.goto(dashboard.url)
    expect(page.locator(".run-row")).to_contain_text("Running")
    training.finish()
    expect(page.locator(".run-row")).to_contain_text("Finished")


def test_selection_overlays_runs_and_stays_in_the_address(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    for name, n_points in (("a", 3), ("b", 5), ("c", 7)):
        train(name).log("Loss", 0, n_points)
    page.goto(dashboard.url)
    expect_points(page, "Loss", 15)
    page.get_by_role("link", name="Show only b").click()
    expect_points(page, "Loss", 5)
    expect(page).to_have_url(re.compile(r"/experiments\?run=b$"))
    page.get_by_role("checkbox", name="Draw c").check()
    expect_points(page, "Loss", 12)
    expect(page).to_have_url(re.compile(r"run=.*&run="))
    page.reload()
    expect_points(page, "Loss", 12)
    page.go_back()
    expect_points(page, "Loss", 5)
    expect(page.get_by_role("checkbox", name="Draw c")).not_to_be_checked()
    page.get_by_role("checkbox", name="Draw b").uncheck()
    expect(page.get_by_role("heading", name="No experiment is selected")).to_be_visible()


def test_tooltip_shows_value_step_and_time_beside_the_point(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    train("a").log("Loss", 0, 101, "step / 100")
    page.goto(dashboard.url)
    expect_points(page, "Loss", 101)
    page.mouse.move(*pixel_of(page, "Loss", 0.5, 0.5))
    tooltip = chart(page, "Loss").locator(".tooltip")
    expect(tooltip).to_contain_text("a")
    expect(tooltip).to_contain_text(re.compile(r"0\.(49|5|51)"))
    expect(tooltip).to_contain_text(re.compile(r"step (49|50|51) · \d"))
    mark = chart(page, "Loss").locator(".point-mark").bounding_box()
    box = tooltip.bounding_box()
    assert mark is not None
    assert box is not None
    is_beside = box["x"] >= mark["x"] + mark["width"] or box["x"] + box["width"] <= mark["x"]
    is_above_or_below = box["y"] + box["height"] <= mark["y"] or box["y"] >= mark["y"] + 10
    assert is_beside or is_above_or_below
    page.mouse.move(0, 0)
    expect(tooltip).to_be_hidden()


def test_zoom_fetches_detail_and_double_click_shows_all_again(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    training.log("Loss", 0, 50_000, "(step * 7919) % 1000")
    page.goto(dashboard.url)
    expect_points(page, "Loss", 50_000)
    expect(chart(page, "Loss").locator(".chart-thinned")).to_have_text(
        re.compile(r"^[2-5]\d\d of 50k points$")  # buckets of a digest nest: up to 2 × 256
    )
    left, top = pixel_of(page, "Loss", 0.5, 0.5)
    with page.expect_response(re.compile("points=20000")):  # all of the run that is pointed at
        page.mouse.move(left, top)
    box = chart(page, "Loss").locator(".u-over").bounding_box()
    assert box is not None
    for pixels in (100, 0):  # each pixel has its own step, although the overview has few
        page.mouse.move(left + pixels, top)
        step = round((left + pixels - box["x"]) / box["width"] * 49_999)
        near = "|".join(f"{one // 1000}.{one % 1000:03}" for one in range(step - 1, step + 2))
        expect(chart(page, "Loss").locator(".tooltip-where")).to_have_text(
            re.compile(f"^step ({near}) ")
        )
    page.mouse.down()
    page.mouse.move(*pixel_of(page, "Loss", 0.52, 0.5), steps=4)
    page.mouse.up()
    detail = re.compile(r"^\d{3,4}$")  # a fiftieth of them. The overview has about twenty there
    expect(chart(page, "Loss")).to_have_attribute("data-detail", detail)
    expect(chart(page, "Loss").get_by_role("button", name="Reset zoom")).to_be_visible()
    expect(page).to_have_url(re.compile(r"zoom=\d+\.\.\d+(&|$)"))  # whole steps
    expect(chart(page, "Loss").locator(".chart-thinned")).to_have_text("")  # all points in view
    page.mouse.dblclick(*pixel_of(page, "Loss", 0.5, 0.5))
    expect(chart(page, "Loss").get_by_role("button", name="Reset zoom")).to_be_hidden()


def test_stream_resumes_after_a_restart_of_the_server(
    page: Page, start_dashboard: Callable[..., Dashboard], train: Train, tabs: object
) -> None:
    training = train("a")
    training.log("Loss", 0, 10)
    first = start_dashboard()
    page.goto(first.url)
    expect_points(page, "Loss", 10)
    expect(page.locator("#connection")).to_have_text("Live")
    first.stop()
    expect(page.locator("#connection")).to_contain_text("Connection lost")
    training.log("Loss", 10, 25)
    start_dashboard(first.port)
    training.log("Loss", 25, 40)
    expect(page.locator("#connection")).to_have_text("Live")
    expect_points(page, "Loss", 40)
    training.log("Loss", 40, 50)
    expect_points(page, "Loss", 50)
    errors = getattr(tabs, "errors")  # noqa: B009
    assert all("ERR_" in error for error in errors)
    errors.clear()


def test_points_out_of_order_twice_and_nan_are_drawn(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    training = train("a")
    training.log("Loss", 5, 10)
    page.goto(dashboard.url)
    expect_points(page, "Loss", 5)
    training.log("Loss", 0, 7)
    expect_points(page, "Loss", 10)
    training.log("Loss", 10, 20, "nan")
    expect_points(page, "Loss", 20)
    training.log("Diverged", 0, 3, "nan")
    note = page.locator('[data-metric="Diverged"] .chart-note')
    expect(note).to_have_text("NaN or infinite only")
    repeated = "2 earlier values of a step not drawn"
    expect(page.locator('[data-metric="Loss"] .chart-note')).to_have_text(repeated)
    training.log("Diverged", 3, 4)
    expect(note).to_have_text("")


def test_color_stays_with_its_run(page: Page, dashboard: Dashboard, train: Train) -> None:
    for name in ("a", "b"):
        train(name).log("Loss", 0, 3)
    page.goto(dashboard.url)
    dots = page.locator(".run-row .dot")
    before = [dots.nth(i).get_attribute("class") for i in range(2)]
    train("c").log("Loss", 0, 3)
    expect(dots).to_have_count(3)
    assert [dots.nth(i).get_attribute("class") for i in (1, 2)] == before


def test_search_narrows_the_list_and_keeps_the_charts(
    page: Page, dashboard: Dashboard, train: Train
) -> None:
    for number in range(9):
        train(f"resnet-{number}" if number % 2 else f"vit-{number}").log("Loss", 0, 2)
    page.goto(dashboard.url)
    expect_points(page, "Loss", 18)
    page.get_by_role("searchbox", name="Search names").fill("resnet")
    expect(page.locator(".run-row")).to_have_count(4)
    expect_points(page, "Loss", 18)
    expect(page.get_by_role("searchbox", name="Search names")).to_be_focused()
    expect(page.locator("#n-experiments")).to_have_text("4 of 9")
    page.get_by_role("link", name="draw them").click()
    expect_points(page, "Loss", 8)
    expect(page.locator(".run-row input:checked")).to_have_count(4)
    expect(page.locator("#draw-matches")).to_have_count(0)
