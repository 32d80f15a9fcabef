"""ES modules become one script that does the same; what cannot be bundled is said."""

import subprocess
from datetime import UTC, datetime
from shutil import which

import pytest

from ml_tracking_ops.web.snapshot.bundling import BundlingError, bundle
from ml_tracking_ops.web.snapshot.document import assemble, page_data_in, with_rows
from ml_tracking_ops.web.snapshot.taking import _own_script

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <link rel="stylesheet" href="/static/style.css">
  <script type="module" src="/static/main.js"></script>
</head>
<body>
<span id="connection"></span>
<a href="/sweeps">Sweeps</a> <a href="#here">here</a>
<div class="table-scroll is-long"><tbody id="table-rows" data-total="2"><tr></tr></tbody></div>
<div id="page-data" data-page='{"csrf": "secret", "view": "sweep"}'></div>
</body>
</html>
"""


def test_modules_import_one_another_as_before() -> None:
    modules = {
        "page/main.js": 'import { a as one, two } from "../lib/a.js";\n'
        'import "../lib/b.js";\nconsole.log(one + two());\n'
        'import("../lib/c.js").then(({ Late }) => console.log(new Late().name));\n',
        "lib/a.js": "export const a = 1;\nexport function two() {\n  return 2;\n}\n",
        "lib/b.js": 'console.log("b");\n',
        "lib/c.js": 'export class Late {\n  name = "late";\n}\n',
    }
    node = which("node")
    assert node is not None
    done = subprocess.run(
        [node, "-e", bundle(modules, "page/main.js")], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.split(), done.stderr) == (["b", "3", "late"], "")


def test_module_of_another_kind_is_refused() -> None:
    with pytest.raises(BundlingError, match=r"a.js: export default"):
        bundle({"a.js": "export default 1;\n"}, "a.js")


def test_modules_of_the_pages_can_be_bundled() -> None:
    assert "\nimport " not in _own_script()


def test_file_asks_for_nothing_and_holds_no_token() -> None:
    at = datetime(2026, 11, 29, 10, 15, tzinfo=UTC)
    answers = {"/api/points": b"\0</script>"}
    page = assemble(PAGE, "?x=1", answers, styles=["a{}"], scripts=["'</script>'"], taken_at=at)
    assert page.count("</script>") == 1
    assert "secret" not in page
    assert "/static/" not in page
    assert '<a>Sweeps</a> <a href="#here">' in page
    assert "Snapshot, 2026-11-29 10:15 UTC" in page
    assert "default-src 'none'; script-src 'sha256-" in page
    data = page_data_in(page)
    assert (data["is_snapshot"], data["search"], data["view"]) == (True, "?x=1", "sweep")


def test_table_gets_the_rows_of_all_pages() -> None:
    page = with_rows(PAGE, r"<tr>\1</tr>")
    assert r"<tr>\1</tr></tbody>" in page
    assert "is-long" not in page
