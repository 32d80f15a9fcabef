"""A page becomes one file, which holds all that it needs and nothing secret."""

from datetime import UTC, datetime

from ml_tracking_ops.web.snapshot.document import assemble, page_data_in, with_rows

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
