"""Figures 9a to 9c: opening pages of many runs, beside TensorBoard."""

import json
import time
from pathlib import Path

from suite.bare_page import bare_page
from suite.browser import browse, browsing
from suite.data import experiments
from suite.measuring import Figure, Options, cpu_s, peak_resident_mb
from suite.server import Server, serving

from figures import beside_tensorboard


def measure(options: Options) -> Figure:
    figure = Figure(
        "pages",
        "9 · pages",
        "Chromium, charts at 1440 × 900; cold: a new server and a new browser profile, warm: the "
        "same page again; the server's CPU and memory from /proc",
    )
    _hundred(figure, experiments(100, 1_000), options)
    if options.with_peers:
        beside_tensorboard.measure(figure, options)
    for label, n_runs, n_steps in (("9b", 1_000, 1_000), ("9c", 1_000, 10_000)):
        folder = experiments(options.pick(n_runs, 50), options.pick(n_steps, 1_000))
        _many(figure, label, folder, options.pick(n_runs, 50), options)
    return figure


def _all_drawn(n_runs: int) -> str:
    return f"drawnRuns() >= {n_runs}"


def _load(
    server: Server, query: str, condition: str, n_warm: int
) -> dict[str, list[dict[str, float]]]:
    address = f"{server.address}/experiments{query}"
    return browse("load", address, "drawnRuns() > 0", condition, n_warm, server.pid)


def _bare(options: Options, address: str) -> list[float]:
    """Measure the seconds until uPlot alone has drawn as many curves, cold and then warm."""
    drawn = "window.isDrawn"
    return _s(browse("load", address, drawn, drawn, options.pick(3, 1), 0)["loads"])


def _hundred(figure: Figure, logdir: Path, options: Options) -> None:
    what = "9a: 100 runs × 5 × 1,000"
    ups, colds, warms, resident, cold_bytes, warm_bytes = [], [], [], [], [], []
    bare_colds, bare_warms, shorts = [], [], []
    for _ in range(options.pick(5, 2)):
        with bare_page(5, 100, 128) as bare:
            bare_cold, *bare_warm = _bare(options, bare)
            bare_colds.append(bare_cold)
            bare_warms += bare_warm
        with serving(logdir) as server:
            ups.append(server.up_s)
            found = _load(server, "?newest=100", _all_drawn(100), options.pick(3, 1))
            colds.append(found["loads"][0])
            warms += found["loads"][1:]
            cold_bytes.append(found["counted"][0]["bytes"] / 1e6)
            warm_bytes.append(found["counted"][1]["bytes"] / 1e6)
            resident.append(peak_resident_mb(server.pid))
        with serving(experiments(100, 10)) as server:
            found = _load(server, "?newest=100", _all_drawn(100), options.pick(3, 1))
            shorts += found["loads"][1:]
    figure.add(f"{what}: server up", ups, "s", at_most=0.6)
    alone = "uPlot alone, 5 charts of 100 curves of 128 points"
    cold, warm = f"{what}: all 100 on a chart, cold", f"{what}: … warm"
    figure.add(cold, _s(colds), "s", against=bare_colds, yardstick=alone)
    figure.add(
        warm, _s(warms), "s", against=bare_warms, yardstick=alone, at_most=1.4, of_ratio=True
    )
    short = f"{what}: … warm, with logs of 10 steps"
    figure.add(short, _s(shorts), "s", against=bare_warms, yardstick=alone)
    figure.add(f"{alone}, cold", bare_colds, "s")
    figure.add("… warm", bare_warms, "s")
    figure.add(f"{what}: of ours on the wire, cold", cold_bytes, "MB", at_most=1)
    figure.add(f"{what}: … warm", warm_bytes, "MB", at_most=1)
    cpu = [one["server_cpu_s"] for one in warms]
    figure.add(f"{what}: server CPU, warm load", cpu, "s", at_most=0.2)
    figure.add(f"{what}: server resident, at most", resident, "MB", at_most=100)
    _idle(figure, what, logdir, options)
    _tabs(figure, what, logdir, options)


def _s(loads: list[dict[str, float]]) -> list[float]:
    return [one["ready_ms"] / 1e3 for one in loads]


def _idle(figure: Figure, what: str, logdir: Path, options: Options) -> None:
    seconds = options.pick(60, 5)
    with (
        serving(logdir) as server,
        browsing("hold", f"{server.address}/experiments", "drawnRuns() > 0") as browser,
    ):
        before = cpu_s(server.pid)
        time.sleep(seconds)
        used = cpu_s(server.pid) - before
        answer, _ = browser.communicate("end\n")
    found = json.loads(answer.splitlines()[-1])
    figure.add(f"{what}: idle", used * 60 / seconds, "CPU s/min", at_most=0.17)
    figure.add(f"{what}: idle", found["bytes"] * 60 / seconds / 1e3, "kB/min", at_most=2)


def _tabs(figure: Figure, what: str, logdir: Path, options: Options) -> None:
    """Open many tabs. A browser has six connections to a host: streams must not use them all."""
    n_tabs = options.pick(12, 8)
    with serving(logdir) as server:
        address = f"{server.address}/experiments"
        found = browse("tabs", address, "drawnRuns() > 0", n_tabs)["times_ms"]
    figure.add(f"{what}: first chart of the last of {n_tabs} tabs", found[-1] / 1e3, "s")


def _many(figure: Figure, label: str, logdir: Path, n_runs: int, options: Options) -> None:
    what = f"{label}: {n_runs:,} runs"
    n_overlay = min(1_000 if label == "9b" else 100, n_runs)
    limits = {"9b": (1.5, None, 2.0, 200), "9c": (2.0, 0.5, 0.5, 300)}[label]
    firsts, warms, overlays, resident = [], [], [], []
    for _ in range(options.pick(3, 1)):
        began = time.perf_counter()
        with serving(logdir) as server:
            up_s = time.perf_counter() - began
            cold, *warm = _load(server, "", "drawnRuns() > 0", options.pick(3, 1))["loads"]
            firsts.append(up_s + cold["first_ms"] / 1e3)
            warms += [one["first_ms"] / 1e3 for one in warm]
            overlays.append(_overlay_s(server, n_overlay))
            resident.append(peak_resident_mb(server.pid))
    figure.add(f"{what}: from the command to the first chart", firsts, "s", at_most=limits[0])
    figure.add(f"{what}: first chart, warm", warms, "s", at_most=limits[1])
    subject = f"{what}: {n_overlay:,} of them on a chart, from the click"
    figure.add(subject, overlays, "s", at_most=limits[2])
    figure.add(f"{what}: server resident, at most", resident, "MB", at_most=limits[3])


_OVERLAY = """(index) => {
  const link = document.createElement("a");
  link.href = "/experiments?newest=N_RUNS";
  document.querySelector("#content").append(link);
  htmx.process(link);
  link.click();
  return () => drawnRuns() >= N_RUNS;
}"""


def _overlay_s(server: Server, n_runs: int) -> float:
    """From the click on a link to so many runs, on the page of the newest ten."""
    script = _OVERLAY.replace("N_RUNS", str(n_runs))
    address = f"{server.address}/experiments"
    found = browse("click", address, "window.htmx && drawnRuns() > 0", script, 1)
    seconds: float = found["times_ms"][0] / 1e3
    return seconds
