"""Long names keep their ends, which tell runs apart, wherever they are cut."""

from collections.abc import Callable

import pytest
from dashboard import Dashboard
from playwright.sync_api import Page, expect
from training import Training

Train = Callable[..., Training]
NAME = "experiment_resnet50_imagenet_lr0.001_bs256_wd0.0001_augment-randaug_sched-cosine_seed"
ENDS = """names => names.map(name => {
    const end = getComputedStyle(name, "::after").content;
    const box = name.getBoundingClientRect();
    const frame = name.closest("th, button, .value-list-row, .tooltip").getBoundingClientRect();
    return [end.includes("_seed1") ? 1 : end.includes("_seed2") ? 2 : end,
            box.width > 40 && box.right <= frame.right + 1];
})"""


@pytest.fixture
def two_long_names(train: Train) -> None:
    for seed in (1, 2):
        train(f"{NAME}{seed}").log("loss", 0, 20, f"1 / (step + {seed})")


@pytest.mark.usefixtures("two_long_names")
def test_long_names_keep_their_ends_in_the_legend_at_the_pointer_and_in_the_table(
    page: Page, dashboard: Dashboard
) -> None:
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(f"{dashboard.url}/experiments?table=1")
    chart = page.locator('[data-metric="loss"]')
    expect(chart).to_have_attribute("data-runs", "2")
    for place in ("#legend .legend-name", "table.runs th .cut"):
        found = page.locator(place).evaluate_all(ENDS)
        assert sorted(found) == [[1, True], [2, True]], place
    chart.locator(".u-over").hover()
    expect(page.locator(".value-list-name")).to_have_count(2)
    assert sorted(page.locator(".value-list-name").evaluate_all(ENDS)) == [[1, True], [2, True]]
    shown = page.locator(".tooltip:not([hidden]) .tooltip-name")
    [[seed, fits]] = shown.evaluate_all(ENDS)
    assert seed in (1, 2)
    assert fits
