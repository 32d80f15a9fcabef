"""The modules of the pages in a browser, without a server."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from ml_tracking_ops.web.runs import formats

STATIC = Path(formats.__file__).parents[1] / "static"
ADDRESS = "http://modules.test/"


def answer(route: Route) -> None:
    path = STATIC / route.request.url.removeprefix(f"{ADDRESS}static/")
    if path.suffix == ".js":
        if path.is_file():
            route.fulfill(path=path, content_type="text/javascript")
        else:  # the import fails, instead of waiting for ever
            route.fulfill(status=404)
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


def call(page: Page, module: str, function: str, *arguments: Any) -> Any:
    script = (
        "async ([module, name, given]) => (await import(`/static/${module}.js`))[name](...given)"
    )
    return page.evaluate(script, [module, function, list(arguments)])


def evaluate(page: Page, body: str, given: Any = None) -> Any:
    """Return the result of an async function with this body, which may import modules."""
    return page.evaluate(f"async (given) => {{{body}}}", given)
