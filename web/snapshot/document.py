"""Assemble one file from a rendered page and the answers for its scripts. Pure.

Texts of users stay as the page's templates escaped them. Data that goes into a script is JSON in
which nothing can end the script.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from ..rendering import PageData

_DATA = re.compile(r"data-page='([^']*)'")
_LOADED = re.compile(r"^\s*<(?:link|script)\b[^>]*>(?:</script>)?\n", re.MULTILINE)
_LINK = re.compile(r'\s(?:href|action|hx-[\w:-]+)="(?!#)[^"]*"')
_ACTION = re.compile(r"\sdata-action='[^']*'")
_PICK = re.compile(r'<input type="checkbox" (?:name="run"|data-pick-all)[^>]*>')
_ROWS = re.compile(r'(<tbody id="table-rows"[^>]*>)(.*?)(</tbody>)', re.DOTALL)
_NOT_SHOWN = """
.actions, .export-menu, .annotation-edit, .table-controls, .pager,
.keys-button:not(.theme-button), .views-button,
.sidebar, .tabs, .skip-link, .insight-tabs a:not([aria-current]), .insight-switch, .rerun-form,
.menu-link, .panel-note, .output-bar, .neighbours, .direction, .brush, .icon-pin, #showing,
.chart-menu [data-format="csv"], .chart-menu [data-format="json"],
label:has(> #chart-color), label:has(> #chart-group) { display: none !important; }
.runs .pick { width: 0 !important; padding: 0 !important; }
.runs .pick + * { padding-left: 14px !important; }
.runs :is(th[scope="row"], .col-index, .col-name) { left: 0 !important; }
.with-sidebar { grid-template-columns: minmax(0, 1fr) !important; }
"""
_STUB = """
globalThis.fetch = async (address) => {
  const { pathname, searchParams } = new URL(address, "http://snapshot");
  const path = decodeURIComponent(pathname);
  const asked = ["run", "kind", "name"].map((key) => searchParams.get(key));
  const media = JSON.stringify([path, ...asked]);
  if (MEDIA[media]) return new Response(MEDIA[media], { status: 200 });
  const kept = ANSWERS[path];
  const isDetail = searchParams.has("first_step") || searchParams.get("points") === "20000";
  if (!kept || isDetail) return new Response("{}", { status: 404 });
  const bytes = Uint8Array.from(atob(kept), (one) => one.charCodeAt(0));
  return new Response(bytes, { status: 200 });
};
"""


class SnapshotData(PageData, total=False):
    """The data of a page's script, as `rendering.render` writes it into the page.

    Only a snapshot has `is_snapshot` and `search`, the query of the page's address.
    """

    csrf: str
    assets: Mapping[str, object]
    points_href: str
    is_snapshot: bool
    search: str


def page_data_in(page: str) -> SnapshotData:
    """Return the data of the page's script."""
    found = _DATA.search(page)
    if found is None:
        return {"view": "none"}
    data: SnapshotData = json.loads(html.unescape(found[1]))
    return data


def rows_in(page: str) -> str:
    """Return the rows of the table of a page, or of a part of it."""
    found = _ROWS.search(page)
    return "" if found is None else found[2]


def with_rows(page: str, rows: str) -> str:
    """Return the page with these rows in its table, which is then scrolled like any other
    element."""
    whole = page.replace('class="table-scroll is-long"', 'class="table-scroll"')
    return _ROWS.sub(lambda match: match[1] + rows + match[3], whole, count=1)


def assemble(
    page: str,
    search: str,
    answers: Mapping[str, bytes],
    media: Mapping[str, str] = MappingProxyType({}),
    *,
    styles: list[str],
    scripts: list[str],
    taken_at: datetime | None = None,
) -> str:
    """Return the page as one file.

    Args:
        search: the query of the page's address, which determines what the charts show.
        answers: path → the answer for the page's script.
        media: the same for images and the like, by path, run, kind and name, as JSON.
        scripts: run one after the other, before the page's own data is requested.
    """
    at = (taken_at or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    body = _DATA.sub(lambda _: f"data-page='{_data_text(page, search)}'", page, count=1)
    body = _PICK.sub("", _ACTION.sub("", _LINK.sub("", _LOADED.sub("", body))))
    body = body.replace(' aria-label="ML Tracking Ops: experiments"', "", 1)  # leads nowhere
    body = body.replace('<html lang="en"', '<html lang="en" data-snapshot', 1)
    note = f'<span class="muted" title="Taken from the dashboard">Snapshot, {at}</span>\n    '
    body = body.replace('<span id="connection"', note + '<span id="connection"', 1)
    style = "\n".join([*styles, _NOT_SHOWN]).replace("</", "<\\/")
    kept = {path: base64.b64encode(data).decode() for path, data in answers.items()}
    script = "\n;".join(
        [f"const ANSWERS = {json.dumps(kept)}, MEDIA = {json.dumps(dict(media))};{_STUB}", *scripts]
    )
    script = script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    head = f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
    body = body.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n  {head}', 1)
    body = body.replace("</head>", f"<style>{style}</style>\n</head>", 1)
    return body.replace("</body>", f"<script>{script}</script>\n</body>", 1)


def _data_text(page: str, search: str) -> str:
    """Return the page's data without what only a server can answer."""
    data = page_data_in(page)
    data.pop("csrf", None)
    data["is_snapshot"], data["search"] = True, search
    data["follow"], data["assets"] = {}, {}
    data["groups"], data["color_by"] = [], []
    return html.escape(json.dumps(data), quote=True)


def _policy(style: str, script: str) -> str:
    """Return a policy that allows only the content of the file: no address is requested."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data: blob:; media-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
