"""What the pages do in Chromium.

Usage: browser.py SETTING TASK ARGUMENT…

SETTING is JSON: the path of Chromium, and the local files for those of the CDN. This process serves
them over TLS, so that the browser loads and caches them as it would from the CDN.
"""

import contextlib
import functools
import http.server
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

LIMIT_MS = 120_000
LEAST_US = 20_000
TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

# Takes a condition. Returns the milliseconds from the start of the navigation until a frame was
# painted after which the condition was true.
WATCH = """
window.whenPainted = (holds) => new Promise((resolve, reject) => {
  const until = performance.now() + 60_000;
  const look = () => {
    if (performance.now() > until) return reject(new Error(`not within a minute: ${holds}`));
    if (!holds()) return requestAnimationFrame(look);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(performance.now());
    channel.port2.postMessage(null);
  };
  requestAnimationFrame(look);
});
window.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({ entryTypes: ["longtask"] });
window.drawnRuns = () => Math.max(0, ...[...document.querySelectorAll(".chart:has(canvas)")]
  .map((chart) => Number(chart.dataset.runs ?? 0)));
window.drawnPoints = () => [...document.querySelectorAll(".chart")]
  .reduce((sum, chart) => sum + Number(chart.dataset.points ?? 0), 0);
"""

# For each point, the time from its wall time (in add_scalar) to the end of the frame that drew it.
# A frame callback requested right after the page's own handler runs after the page's callback.
LAGS = """
window.lags = []; window.frames = []; window.bytes = 0; window.nPoints = 0;
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, handler) {
  return listen.call(this, name, (event) => {
    handler(event);
    if (name !== "points") return;
    const { metrics, since_ms } = JSON.parse(event.data);
    window.bytes += event.data.length + 22;
    const times = Object.values(metrics).flatMap(([, after]) => after.map((ms) => since_ms + ms));
    window.nPoints += times.length;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        const now = performance.timeOrigin + performance.now();
        for (const at of times) lags.push(now - at);
      };
      channel.port2.postMessage(null);
    });
  });
};
let lastFrame = 0;
const frame = (now) => {
  if (lastFrame) frames.push(now - lastFrame);
  lastFrame = now;
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""


class Traffic:
    """The requests of a page and their bytes, without the CDN."""

    def __init__(self, page: Page) -> None:
        self.urls: list[str] = []
        self.n_bytes = 0
        self._own: set[str] = set()
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.dataReceived", self._received)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        self._data: dict[str, int] = {}

    def _sent(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http://"):
            self._own.add(event["requestId"])
            self.urls.append(event["request"]["url"])

    def _received(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._own:
            got = event["encodedDataLength"]
            self._data[event["requestId"]] = self._data.get(event["requestId"], 0) + got
            self.n_bytes += got

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._own:
            self.n_bytes += int(event["encodedDataLength"]) - self._data.pop(event["requestId"], 0)

    def reset(self) -> None:
        self.urls, self.n_bytes = [], 0


def new_page(context: BrowserContext, script: str = WATCH) -> Page:
    """Open a tab, and wait until Chromium has loaded its own page in it (half a second of CPU)."""
    page = context.new_page()
    page.add_init_script(script)
    page.wait_for_timeout(1500)
    return page


def load(
    browser: Browser, address: str, first: str, condition: str, n_warm: str, pid: str
) -> dict[str, Any]:
    """Load a page in a new context, then several times in the same one.

    `first` is true when a chart is drawn, `condition` when everything is. Bytes are counted in
    separate loads, once cold and once warm, because counting takes time in the browser.
    """
    with opened(browser) as context:
        loads = [
            _timed_load(context, address, first, condition, int(pid))
            for _ in range(1 + int(n_warm))
        ]
    with opened(browser) as context:
        counted = [_counted_load(context, address, condition) for _ in range(2)]
    return {"loads": loads, "counted": counted}


def _timed_load(
    context: BrowserContext, address: str, first: str, condition: str, pid: int
) -> dict[str, Any]:
    page = new_page(context)
    cpu = cpu_s(pid)
    page.goto(address, wait_until="commit")
    first_ms = page.evaluate(f"whenPainted(() => {first})")
    ready_ms = page.evaluate(f"whenPainted(() => {condition})")
    page.wait_for_timeout(500)
    long_tasks = page.evaluate("longTasks")
    found = {
        "first_ms": first_ms,
        "ready_ms": ready_ms,
        "server_cpu_s": cpu_s(pid) - cpu,
        "long_tasks_ms": sum(long_tasks),
    }
    page.close()
    return found


def _counted_load(context: BrowserContext, address: str, condition: str) -> dict[str, Any]:
    page = new_page(context)
    traffic = Traffic(page)
    page.goto(address, wait_until="commit")
    page.evaluate(f"whenPainted(() => {condition})")
    page.wait_for_timeout(500)
    page.close()
    return {"bytes": traffic.n_bytes, "requests": len(traffic.urls)}


def live(browser: Browser, address: str, seconds: str) -> dict[str, Any]:
    """Watch points being drawn."""
    with opened(browser) as context:
        page = new_page(context, WATCH + LAGS)
        traffic = Traffic(page)
        page.goto(address, wait_until="commit")
        page.evaluate("whenPainted(() => drawnRuns() > 0)")
        page.wait_for_timeout(1500)
        page.evaluate("lags.length = longTasks.length = frames.length = bytes = nPoints = 0")
        traffic.reset()
        say_ready()
        page.wait_for_timeout(1000 * float(seconds))
        return {
            **page.evaluate("({lags, longTasks, frames, nPoints, bytes, drawn: drawnPoints()})"),
            "fetched": traffic.urls,
        }


def tasks(browser: Browser, address: str, seconds: str, width: str, height: str) -> dict[str, Any]:
    """Watch points being drawn, and return the tasks of the page: [wall ms, CPU ms, what].

    `what` is the longest part of the task. Tasks of other threads or below 20 ms are left out.
    """
    with opened(browser) as context:
        page = new_page(context)
        page.set_viewport_size({"width": int(width), "height": int(height)})
        page.goto(address, wait_until="commit")
        page.evaluate("whenPainted(() => drawnRuns() > 0)")
        page.wait_for_timeout(3000)
        say_ready()
        page.wait_for_timeout(2000)
        page.evaluate("longTasks.length = 0")
        browser.start_tracing(page=page, categories=TRACED)
        page.wait_for_timeout(1000 * float(seconds))
        events = json.loads(browser.stop_tracing())["traceEvents"]
        drawn = (
            "[...document.querySelectorAll('.chart:has(canvas)')].map((one) => +one.dataset.runs)"
        )
        found = page.evaluate(
            f"({{ observed: longTasks, curves: {drawn}, points: drawnPoints() }})"
        )
        return {**found, "tasks": tasks_in(events)}


def tasks_in(events: list[dict[str, Any]]) -> list[tuple[float, float, str]]:
    """Return the tasks of the page's thread: the thread on which most frames were drawn."""
    frames = Counter((e["pid"], e["tid"]) for e in events if e["name"] == "FireAnimationFrame")
    thread = frames.most_common(1)[0][0]
    own = [e for e in events if e["ph"] == "X" and (e["pid"], e["tid"]) == thread]
    found = []
    for task in own:
        if not task["name"].endswith("RunTask") or task.get("dur", 0) < LEAST_US:
            continue
        end = task["ts"] + task["dur"]
        parts = [e for e in own if task["ts"] <= e["ts"] < end and "RunTask" not in e["name"]]
        longest = max(parts, key=lambda e: e.get("dur", 0), default=task)
        found.append((task["dur"] / 1e3, task.get("tdur", 0) / 1e3, longest["name"]))
    return found


def click(
    browser: Browser, address: str, condition: str, script: str, rounds: str, pid: str = "0"
) -> dict[str, Any]:
    """Load a page, then run `script` with the number of the round, and wait for its condition.

    `script` is a function that acts and returns a condition, true once the page shows the result.
    `cpu_s` is the CPU time of the server `pid`, `browser_cpu_s` that of Chromium.
    """
    with opened(browser) as context:
        page = new_page(context)
        page.goto(address, wait_until="commit")
        ready_ms = page.evaluate(f"whenPainted(() => {condition})")
        page.wait_for_timeout(1000)
        times, cpu, browser_cpu = [], [], []
        for index in range(int(rounds)):
            before, browser_before = cpu_s(int(pid)), descendants_cpu_s()
            times.append(
                page.evaluate(f"""async () => {{
              const began = performance.now();
              const holds = ({script})({index});
              return (await whenPainted(holds)) - began;
            }}""")
            )
            cpu.append(cpu_s(int(pid)) - before)
            browser_cpu.append(descendants_cpu_s() - browser_before)
            page.wait_for_timeout(300)
        return {
            "ready_ms": ready_ms,
            "times_ms": times,
            "cpu_s": cpu,
            "browser_cpu_s": browser_cpu,
        }


def tabs(browser: Browser, address: str, condition: str, n_tabs: str) -> dict[str, Any]:
    """Open tabs of one page, as a person does: each new one comes to the front."""
    times = []
    with opened(browser) as context:
        for _ in range(int(n_tabs)):
            page = new_page(context)
            page.goto(address, wait_until="commit")
            times.append(page.evaluate(f"whenPainted(() => {condition})"))
    return {"times_ms": times}


def hold(browser: Browser, address: str, condition: str) -> dict[str, Any]:
    """Keep a page open until a line arrives at stdin."""
    with opened(browser) as context:
        page = new_page(context)
        traffic = Traffic(page)
        page.goto(address, wait_until="commit")
        page.evaluate(f"whenPainted(() => {condition})")
        page.wait_for_timeout(3000)
        traffic.reset()
        say_ready()
        done = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.readline(), done.set()), daemon=True).start()
        while not done.is_set():
            page.wait_for_timeout(200)
        return {"bytes": traffic.n_bytes, "fetched": traffic.urls}


def say_ready() -> None:
    print("ready", flush=True)


def cpu_s(pid: int) -> float:
    if not pid:
        return 0.0
    return sum(map(_cpu_ticks, [pid, *_children(pid)])) / TICKS_A_SECOND


def _cpu_ticks(pid: int) -> int:
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))


def descendants_cpu_s() -> float:
    """Return the CPU seconds of all processes below this one: Chromium and its driver."""
    found = [os.getpid()]
    for pid in found:
        with contextlib.suppress(OSError):
            found += _children(pid)
    total = 0
    for pid in found[1:]:
        with contextlib.suppress(OSError):
            total += _cpu_ticks(pid)
    return total / TICKS_A_SECOND


def _children(pid: int) -> list[int]:
    found: list[str] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            found += (thread / "children").read_text().split()
    return [*map(int, found)]


@contextlib.contextmanager
def opened(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, ignore_https_errors=True)
    context.set_default_timeout(LIMIT_MS)
    yield context
    context.close()


class CdnHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, files: dict[str, str], *arguments: Any) -> None:
        self._files = files
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = self._files.get(self.path.lstrip("/"))
        data = Path(path).read_bytes() if path else b""
        self.send_response(200 if path else 404)
        kind = "text/css" if self.path.endswith(".css") else "text/javascript"
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(data)),
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "public, max-age=31536000",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def cdn(files: dict[str, str]) -> Iterator[int]:
    """Serve the files of the CDN, and yield the port."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=localhost",
                "-keyout",
                "key.pem",
                "-out",
                "certificate.pem",
            ],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(CdnHandler, files)
        )
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(Path(folder) / "certificate.pem", Path(folder) / "key.pem")
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "load": load,
    "tasks": tasks,
    "live": live,
    "click": click,
    "tabs": tabs,
    "hold": hold,
}


def main() -> None:
    setting, task, *arguments = json.loads(sys.argv[1]), *sys.argv[2:]
    with cdn(setting["cdn"]) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=setting["chromium"],
            args=[
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                # pages that each new window loads for its address bar: 400 modules
                "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
                f"--host-resolver-rules=MAP cdn.jsdelivr.net:443 127.0.0.1:{port}",
            ],
        )
        found = TASKS[task](browser, *arguments)
        browser.close()
    print(json.dumps({**found, "at": time.time()}))


main()
