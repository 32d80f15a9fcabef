"""The yardstick for pages: uPlot alone draws curves from a file beside the page.

The page has no server of ours, no names, no colours and no table. It only draws as many points in
as many charts. Its time is the part of Chromium and uPlot on this machine.
"""

import functools
import http.server
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ml_tracking_ops.web.serving.assets.pinned import ASSETS

from .scratch import scratch

_PAGE = """<!doctype html><meta charset="utf-8"><title>bare</title>
<link rel="stylesheet" href="{style}"><script src="{script}"></script>
<script src="points.js"></script><body><script src="draw.js"></script>
"""
_DRAW = """
const [x, ...curves] = points;
for (let chart = 0; chart < nCharts; chart++) {
  const curve = { stroke: "#357", width: 1, points: { show: false } };
  const series = [{}, ...curves.map(() => ({ ...curve }))];
  const scales = { x: { time: false } };
  const options = { width: 420, height: 188, scales, legend: { show: false }, series };
  new uPlot(options, points, document.body);
}
window.isDrawn = true;
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def bare_page(n_charts: int, n_curves: int, n_points: int) -> Iterator[str]:
    """Serve the page and yield its address. `window.isDrawn` is true once it has drawn."""
    with scratch() as folder:
        _write(folder, n_charts, n_curves, n_points)
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            server.server_close()


def _write(folder: Path, n_charts: int, n_curves: int, n_points: int) -> None:
    steps = list(range(n_points))
    curves = [
        [round(math.exp(-step / 60) + math.sin(step * curve) / 20, 4) for step in steps]
        for curve in range(n_curves)
    ]
    points = json.dumps([steps, *curves], separators=(",", ":"))
    (folder / "points.js").write_text(f"const nCharts = {n_charts}, points = {points};")
    (folder / "draw.js").write_text(_DRAW)
    style, script = ASSETS["uplot_style"].url, ASSETS["uplot"].url
    (folder / "index.html").write_text(_PAGE.format(style=style, script=script))
