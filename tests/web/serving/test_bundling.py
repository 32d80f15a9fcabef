"""ES modules become one script that does the same. Modules that cannot be bundled are named."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which

import pytest

from ml_tracking_ops.web.serving.bundling import (
    BundlingError,
    bundle,
    bundle_rest,
    closure,
    imported_by,
)
from ml_tracking_ops.web.snapshot.taking import _own_script

MAIN = "page/main.js"
MODULES = {
    MAIN: 'import { a as one, two } from "../lib/a.js";\n'
    'import "../lib/b.js";\nconsole.log(one + two());\n'
    'import("../lib/c.js").then(({ Late }) => console.log(new Late().name));\n',
    "lib/a.js": "export const a = 1;\nexport function two() {\n  return 2;\n}\n",
    "lib/b.js": 'console.log("b");\n',
    "lib/c.js": 'import { two } from "./a.js";\n'
    'export class Late {\n  name = two() === 2 ? "late" : "";\n}\n',
}


def run_script(folder: Path, scripts: Mapping[str, str]) -> list[str]:
    """What the first of some scripts prints, run as a module of its own file."""
    node = which("node")
    assert node is not None
    for name, code in scripts.items():
        (folder / name).write_text(code)
    command = [node, folder / next(iter(scripts))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


def test_modules_import_one_another_as_before(tmp_path: Path) -> None:
    assert run_script(tmp_path, {"page.mjs": bundle(MODULES, MAIN)}) == ["b", "3", "late"]


def test_modules_needed_later_can_be_in_a_second_file(tmp_path: Path) -> None:
    first = closure(MODULES, MAIN)
    assert list(first) == [MAIN, "lib/a.js", "lib/b.js"]
    rest = {name: source for name, source in MODULES.items() if name not in first}
    scripts = {
        "page.mjs": bundle(first, MAIN, rest="./rest.mjs"),
        "rest.mjs": bundle_rest(rest),
    }
    assert run_script(tmp_path, scripts) == ["b", "3", "late"]


def test_module_is_run_once_whoever_imports_it(tmp_path: Path) -> None:
    modules = {
        "main.js": 'import { n } from "./a.js";\nimport { b } from "./b.js";\nconsole.log(n, b);\n'
        'import("./b.js").then(({ b }) => console.log(b));\n',
        "a.js": 'console.log("once");\nexport const n = 1;\n',
        "b.js": 'import { n } from "./a.js";\nexport const b = n + 1;\n',
    }
    script = bundle(modules, "main.js")
    assert run_script(tmp_path, {"page.mjs": script}) == ["once", "1", "2", "2"]


def test_modules_are_those_that_are_imported_at_once() -> None:
    source = 'import "../a.js";\nimport { x as y } from "./b.js";\nconst c = import("./c.js");\n'
    assert imported_by("lib/main.js", source) == ["a.js", "lib/b.js"]


def test_module_of_another_kind_is_refused() -> None:
    with pytest.raises(BundlingError, match=r"a.js: export default"):
        bundle({"a.js": "export default 1;\n"}, "a.js")


def test_modules_of_the_pages_can_be_bundled() -> None:
    assert "\nimport " not in _own_script()
