"""Requests made by hand against the real server: none breaks it, none gets out of its folder."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import anyio
import anyio.to_thread
import httpx
import pytest
from live import serving
from raw_http import END, ask, raw_get
from test_hostile_folders import SECRET, logdir  # noqa: F401

from ml_tracking_ops.orchestrator.store.journal import Journal

OK_HEAD = b"GET /api/metrics?run=a HTTP/1.1\r\nHost: localhost\r\n"

WAYS_OUT = [
    "../outside",
    "..%2foutside",
    "%2e%2e/outside",
    "%2e%2e%2foutside",
    "..%252foutside",
    "..%5coutside",
    "....//outside",
    "%c0%ae%c0%ae/outside",
    "s/../../outside",
    "s%2f..%2f..%2foutside",
    "s/run_0001/../../../outside",
    "s/..%2f..%2foutside%00",
    "%00",
    "s/%00run_0001",
    "s/run_0001%00.dat",
    "//etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "s/run_0001%0d%0aSet-Cookie:%20x=1",
    "s/%ff%fe",
    "s/%ed%a0%80",
    "s/" + "a/" * 500,
    "s/" + quote("𝒓𝒖𝒏_0001"),
    "s/" + quote("‥/outside"),
]
ANSWERS = (200, 303, 307, 400, 403, 404, 405, 414)
PLACES = [
    "/runs/{}",
    "/output/{}",
    "/sweeps/{}",
    "/static/{}",
    "/assets/{}",
    "/export/{}",
    "/api/series?run={}",
    "/api/metrics?run={}",
    "/api/output?run={}",
    "/experiments?run={}",
    "/sweeps/s?run={0}&metric={0}&sort={0}&page={0}&q={0}&columns={0}&state={0}&p.x={0}&m.x={0}",
    "/api/series?run=s/run_0001&metric={0}&points={0}&first_step={0}",
    "/{}",
]


@pytest.mark.anyio
async def test_no_path_or_parameter_leads_out_of_the_folder(logdir, caplog):  # noqa: F811
    def attack(port: int) -> None:
        for place in PLACES:
            for way in WAYS_OUT:
                answer = ask(port, raw_get(place.format(way)))
                status = int(answer.split()[1])
                assert status in ANSWERS, (place, way, answer[:500])
                assert SECRET.encode() not in answer, (place, way)
                assert b"root:" not in answer, (place, way)
                assert b"\r\nset-cookie: x" not in answer.partition(END)[0].lower(), (place, way)

    async with serving(logdir) as dashboard:
        await anyio.to_thread.run_sync(attack, dashboard.port)
    assert "Traceback" not in caplog.text


MALFORMED = {
    "nothing": b"",
    "noise": bytes(range(256)) * 10,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": b"GET / HTTP/1.1" + END,
    "two hosts": OK_HEAD + b"Host: evil.example" + END,
    "old version": b"GET / HTTP/0.9" + END,
    "whole address": b"GET http://evil.example/experiments HTTP/1.1\r\nHost: localhost" + END,
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: localhost" + END,
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443" + END,
    "two lengths": b"POST /api/delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nxx",
    "length and chunks": b"POST /api/delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST /api/delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1" + END,
    "broken chunks": b"POST /api/delete HTTP/1.1\r\nHost: localhost\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "folded header": OK_HEAD + b"X-A: b\r\n c" + END,
    "NUL in a header": OK_HEAD + b"X-A: \0" + END,
    "header without a colon": OK_HEAD + b"nothing" + END,
    "bytes in the path": b"GET /runs/\xff\xfe HTTP/1.1\r\nHost: localhost" + END,
    "space in the path": b"GET /runs/a b HTTP/1.1\r\nHost: localhost" + END,
    "half an escape": raw_get("/runs/%"),
    "upgrade": raw_get("/events", "GET", "Connection: upgrade", "Upgrade: websocket"),
    "cookies": OK_HEAD + b"Cookie: " + b"a=b; " * 10_000 + END,
    "many headers": OK_HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\n",
    "huge header": OK_HEAD + b"X: " + b"y" * 2_000_000 + END,
    "huge query": b"GET /experiments?" + b"q=1&" * 500_000 + b" HTTP/1.1\r\nHost: localhost" + END,
    "deep query": b"GET /experiments?q=" + b"[" * 100_000 + b" HTTP/1.1\r\nHost: localhost" + END,
    "big body": raw_get("/api/delete", "POST", "Content-Length: 1000000") + b"x" * 1_000_000,
    "two at once": raw_get("/nothing", "GET") * 2,
    "etag": raw_get("/api/series?run=a", "GET", "If-None-Match: " + "x" * 10_000),
    "range": raw_get("/static/page/main.js", "GET", "Range: bytes=0-,-1,5-2,99999999999999999999-"),
}


@pytest.mark.anyio
async def test_malformed_requests_are_refused_and_the_server_continues(tmp_path, caplog):
    def attack(port: int) -> None:
        for name, data in MALFORMED.items():
            for answer in re.findall(rb"^HTTP/1\.1 (\d+)", ask(port, data, 0.2), re.MULTILINE):
                assert int(answer) < 500, name
            assert b"200 OK" in ask(port, raw_get("/experiments")), f"after {name}"

    async with serving(tmp_path) as dashboard:
        await anyio.to_thread.run_sync(attack, dashboard.port)
    assert "Traceback" not in caplog.text


@pytest.mark.anyio
@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "MADE_UP"]
)
async def test_pages_refuse_other_methods(tmp_path, method):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        for path in ("/", "/experiments", "/sweeps", "/events?catalog=0", "/api/series?run=a"):
            answer = await client.request(method, dashboard.address + path)
            assert answer.status_code == 405, path
            assert "access-control-allow-origin" not in answer.headers
        head = await client.head(f"{dashboard.address}/experiments")
        assert (head.status_code, head.content) == (200, b"")


class Scripts(HTMLParser):
    """What of a page a browser would run: scripts, and attributes that are handlers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "script" and not names.get("src"):
            self.found.append(tag)
        if tag in ("iframe", "object", "embed", "base", "svg:script"):
            self.found.append(tag)
        self.found += [name for name in names if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            if (names.get(name) or "").strip().lower().startswith(("javascript:", "data:text")):
                self.found.append(f"{name}={names[name]}")


XSS = (
    "\"'><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}javascript:alert(1)</template>"
)


@pytest.mark.anyio
async def test_no_name_becomes_a_part_of_a_page(tmp_path: Path) -> None:
    """Names of sweeps and folders, hyperparameters, values, reasons, hosts, output, queries."""
    name = XSS.replace("/", "_")
    sweep = tmp_path / name
    sweep.mkdir()
    description = (
        '{"config": {"main_script_name": X, "max_runs": 2, "optimization_metric": X, '
        '"optimization_goal": "max", "hyperparameters": {X: {"type": "choice", "candidates": [X]}},'
        ' "command": [X], "constraints": [X]}, "host": X, "git": {"commit": X}, "command": [X],'
        ' "seed": X, "python": X, "folder": X, "package_version": X}'
    )
    text = description.replace("X", json.dumps(XSS))
    (sweep / "experiment_description.json").write_text(text)
    journal = Journal(sweep / "journal.jsonl", lambda trouble: None)
    journal.append("sweep_started", n_workers=1, pid=1, host=XSS)
    journal.append("warning", message=XSS)
    journal.append("sampled", index=1, hyperparameters={XSS: XSS})
    journal.append("started", index=1, name=name)
    journal.append("stopped_early", index=1, reason=XSS, rule=XSS, metric=XSS)
    ended = {"state": "failed", "reason": XSS, "output_tail": [XSS], "exit_code": 1}
    journal.append("ended", index=1, best_value=1.0, **ended)
    journal.append("sweep_ended", state="failed", reason=XSS)
    journal.close()
    (sweep / f"{name}.log").write_text(f"{XSS}\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07")
    run = f"{quote(name)}/{quote(name)}"
    query = quote(XSS)
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        for path in (
            "/experiments",
            f"/experiments?q={query}&run={query}",
            "/sweeps",
            f"/sweeps/{quote(name)}?q={query}&sort={query}&columns={query}&metric={query}",
            f"/runs/{run}",
            f"/nothing/{query}",
            f"/sweeps/{query}x",
        ):
            answer = await client.get(dashboard.address + path)
            assert Scripts(answer.text).found == [], path
            assert "49javascript" not in unescape(answer.text)
            policy = answer.headers["content-security-policy"]
            script_source = re.search(r"script-src ([^;]*)", policy)
            assert script_source is not None
            assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"} & set(
                script_source[1].split()
            )
