"""The page's ES modules import one another downwards only.

The folders of `web/static`, each of which may import those before it, and itself:

    lib ← live ← charts/data ← charts/colors ← charts/drawing ← charts/export ← charts/pointing
    ← charts/own ← charts ← tables ← insight ← insight/views ← output ← media ← page

Within a folder no module imports another that imports it back, directly or through others.
"""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from posixpath import dirname, join, normpath

from places import ROOT

STATIC = ROOT / "web" / "static"
ORDER = (
    "lib",
    "live",
    "charts/data",
    "charts/colors",
    "charts/drawing",
    "charts/export",
    "charts/pointing",
    "charts/own",
    "charts",
    "tables",
    "insight",
    "insight/views",
    "output",
    "media",
    "page",
)
COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
IMPORT = re.compile(
    r"""^\s*(?:import|export)\s(?:[^"';()]*\sfrom\s)?\s*["']([^"'\n]+)["']"""
    r"""|\bimport\(\s*["']([^"'\n]+)["']""",
    re.MULTILINE,
)


def imports_of(module: str, source: str) -> set[str]:
    """The modules that a module imports, at once or later, by their names below `web/static`."""
    found = (first or second for first, second in IMPORT.findall(COMMENT.sub("", source)))
    return {normpath(join(dirname(module), address)) for address in found}


def all_imports() -> dict[str, set[str]]:
    modules = {path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*.js")}
    return {name: imports_of(name, path.read_text("utf-8")) for name, path in modules.items()}


def upward(imports: Mapping[str, set[str]]) -> Iterator[str]:
    for module, imported in imports.items():
        for name in sorted(imported):
            if ORDER.index(dirname(name)) > ORDER.index(dirname(module)):
                yield f"{module} imports {name}"


def test_imports_are_found_however_they_are_written() -> None:
    source = """
        // import "./of_a_comment.js";
        /** @param {import("./of_a_type.js").View} view */
        import "./effects.js";
        import { a, b } from "../lib/a.js";
        import {
          c,
        } from './c.js';
        export { d } from "./d.js";
        const later = () => import("./later.js");
        export const title = () => make("h2", "import");
    """
    names = {"lib/a.js", *(f"page/{name}.js" for name in ("effects", "c", "d", "later"))}
    assert imports_of("page/main.js", source) == names


def test_every_folder_has_a_place_and_every_import_leads_to_a_module() -> None:
    imports = all_imports()
    assert {dirname(module) for module in imports} == set(ORDER)
    for module, imported in imports.items():
        assert imported <= imports.keys(), f"{module} imports {imported - imports.keys()}"


def test_folders_import_those_before_them_only() -> None:
    assert list(upward(all_imports())) == []
    assert list(upward({"lib/a.js": {"page/b.js", "lib/c.js"}})) == ["lib/a.js imports page/b.js"]


def test_modules_import_one_another_in_no_cycle() -> None:
    try:
        list(TopologicalSorter(all_imports()).static_order())
    except CycleError as error:
        raise AssertionError("a cycle: " + " ← ".join(error.args[1])) from None
