"""The page of a run: reading back in a long output, searching it, and going to its neighbours."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dashboard import Dashboard
from playwright.sync_api import Locator, Page, expect
from training import SweepFiles, Training

Train = Callable[..., Training]
N_LINES = 12_000
BACK = "e => { e.scrollTop = 0; }"
IN_VIEW = """line => {
    const box = line.getBoundingClientRect();
    const frame = document.querySelector("#output").getBoundingClientRect();
    return box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
}"""


@pytest.fixture
def log(page: Page, dashboard: Dashboard, logdir: Path, train: Train) -> Iterator[Path]:
    """The page of a run, among others, that has printed a lot and continues."""
    sweep = SweepFiles(logdir / "s")
    names = [sweep.start(index) for index in (1, 2, 3)]
    training = train("s", names[1])
    training.log("Accuracy", 0, 3)
    path = training.dat_path.with_suffix(".log")
    path.write_text("".join(f"line {n} of it\n" for n in range(N_LINES)))
    page.goto(f"{dashboard.url}/runs/s/{names[1]}")
    expect(page.locator("#connection")).to_have_text("Live")
    yield path
    sweep.close()


@pytest.fixture
def output(page: Page, log: Path) -> Locator:
    return page.get_by_role("log", name="Output of the run")


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_long_output_is_read_back_part_by_part_in_a_small_page(
    page: Page, output: Locator, log: Path
) -> None:
    last = output.get_by_text(f"line {N_LINES - 1} of it", exact=True)
    expect(last).to_be_visible()
    follow = page.get_by_label("Follow")
    earlier = output.get_by_role("button", name="Load earlier output")
    first_shown = output.locator(".output-line").first
    known = first_shown.inner_text()
    output.evaluate(BACK)
    expect(follow).not_to_be_checked()
    earlier.click()
    expect(first_shown).not_to_have_text(known)
    assert output.get_by_text(known, exact=True).evaluate(IN_VIEW)  # nothing jumped
    append(log, "something new\n")
    for _ in range(10):
        if not earlier.is_visible():
            break
        known = first_shown.inner_text()
        output.evaluate(BACK)
        earlier.click()
        expect(first_shown).not_to_have_text(known)
    expect(first_shown).to_have_text("line 0 of it")
    texts = output.locator(".output-line").all_inner_texts()
    assert texts == [f"line {n} of it" for n in range(len(texts))]
    assert len(texts) <= 10_000
    expect(output.get_by_role("button", name="Load later output")).to_have_count(1)
    follow.check()
    expect(output.get_by_text("something new")).to_be_visible()
    append(log, "and live\n")
    expect(output.get_by_text("and live")).to_be_visible()


def test_words_in_the_output_are_found_one_after_the_other(
    page: Page, output: Locator, log: Path
) -> None:
    append(log, "\x1b[31mTrace\x1b[0mback: one\n" + "more\n" * 200 + "TRACEBACK: two\n")
    expect(output).to_contain_text("TRACEBACK: two")
    page.get_by_label("Search the output").fill("traceback")
    count = page.locator(".output-count")
    expect(count).to_have_text("2 of 2 in what is loaded")
    assert output.get_by_text("TRACEBACK: two").evaluate(IN_VIEW)
    page.get_by_label("Search the output").press("Shift+Enter")
    expect(count).to_have_text("1 of 2 in what is loaded")
    assert output.get_by_text("back: one").evaluate(IN_VIEW)
    marked = "[...CSS.highlights.get('output-match')].map(range => range.toString())"
    assert page.evaluate(marked) == ["Traceback", "TRACEBACK"]
    append(log, "traceback: three\n")
    expect(count).to_have_text("1 of 3 in what is loaded")
    page.get_by_label("Search the output").fill("nowhere")
    expect(count).to_have_text("No match in what is loaded")
    expect(page.get_by_role("button", name="Next match")).to_be_disabled()
    found = page.get_by_role("region", name="Found in the whole output")
    expect(found).to_contain_text("No line in the whole output")
    page.get_by_label("Search the output").fill("LINE 7 of it")
    expect(found).to_contain_text("1 line in the whole output")
    found.get_by_role("button", name="line 7 of it").click()
    expect(count).to_have_text("1 of 1 in what is loaded")
    assert output.get_by_text("line 7 of it", exact=True).evaluate(IN_VIEW)
    page.get_by_label("Search the output").fill("")
    expect(found).to_be_hidden()


def test_run_leads_to_its_neighbours(page: Page, output: Locator) -> None:
    places = page.get_by_label("Runs of this sweep")
    page.get_by_role("link", name="Run 3").click()
    expect(page.get_by_role("heading", name="Run 3")).to_be_visible()
    expect(page.get_by_text("It has printed nothing yet.")).to_be_visible()
    expect(places.get_by_role("link")).to_have_text(["‹ Run 2"])
    page.go_back()
    expect(page.get_by_role("heading", name="Run 2")).to_be_visible()
    expect(output).to_contain_text(f"line {N_LINES - 1} of it")
    page.get_by_role("link", name="s", exact=True).click()
    page.get_by_role("columnheader", name="learning_rate").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="learning_rate")).to_have_attribute(
        "aria-sort", "ascending"
    )  # only then do the rows' links name the order
    page.locator("#run-2 a.run-ref").click()
    expect(places).to_contain_text("2 of 3")
    expect(places.get_by_role("link")).to_have_text(["‹ Run 1", "Run 3 ›"])
    places.get_by_role("link", name="Run 1").click()
    expect(places.get_by_role("link")).to_have_text(["Run 2 ›"])
    page.get_by_role("link", name="s", exact=True).click()
    expect(page).to_have_url(re.compile("sort=p.learning_rate&order=asc"))
