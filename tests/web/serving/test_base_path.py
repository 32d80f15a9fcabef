"""The dashboard below a path of a proxy: requests and answers."""

import re

import httpx
import pytest

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.serving.reach.options import ReachOptions

PROXY = ("127.0.0.1", 40000)
pytestmark = pytest.mark.anyio

NOTE = ' href="/x" src="/y'
STRANGER = ("192.0.2.7", 40000)


@pytest.fixture
def logdir(tmp_path):
    with ExperimentLogger(tmp_path / "a href=", config={"note": NOTE}) as writer:
        writer.add_scalar("loss", 1.0, 0)
    return tmp_path


def client(logdir, reach=None, sender=PROXY, **named):
    app = create_app(logdir, reach=reach or ReachOptions(), **named)
    transport = httpx.ASGITransport(app, client=sender)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:5000")


@pytest.mark.parametrize("path", ["/mlto/experiments", "/experiments"])
async def test_every_address_of_a_page_has_the_base_path(logdir, path):
    async with client(logdir, ReachOptions(base_path="/mlto")) as browser:
        page = await browser.get(path)
    assert page.status_code == 200
    assert 'href="/mlto/static/' in page.text
    assert 'action="/mlto/experiments"' in page.text
    for attribute in ("href", "src", "action", "hx-get", "data-table"):
        addresses = [rest.partition('"')[0] for rest in page.text.split(f' {attribute}="')[1:]]
        assert all(one.startswith("/mlto/") for one in addresses if one.startswith("/")), addresses


async def test_text_of_users_is_left_as_it_is(logdir):
    async with client(logdir, ReachOptions(base_path="/mlto")) as browser:
        listed = await browser.get("/mlto/experiments")
        address = re.search(r'href="(/mlto/runs/[^"]+)"', listed.text)
        page = await browser.get(address[1])
    assert "href=&#34;/x&#34; src=&#34;/y" in page.text


async def test_redirects_stay_below_the_base_path(logdir):
    async with client(logdir, ReachOptions(base_path="/mlto")) as browser:
        home = await browser.get("/mlto/")
        bare = await browser.get("/mlto")
    assert home.headers["location"] == bare.headers["location"] == "/mlto/experiments"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "experiments"),
        ("/sweeps?token=secret", "sweeps"),
        ("/runs/a/b?token=secret&x=1", "b?x=1"),
    ],
)
async def test_redirects_of_a_proxy_that_takes_the_path_off_are_relative(logdir, path, place):
    """Some of these proxies put the path before redirects themselves, and some do not."""
    token = "secret" if "token" in path else None
    async with client(logdir, token=token) as browser:
        answer = await browser.get(path, headers={"X-Forwarded-Prefix": "/user/ada/mlto"})
    assert answer.headers["location"] == place


async def test_token_is_kept_for_the_base_path_alone(logdir):
    async with client(logdir, ReachOptions(base_path="/mlto"), token="secret") as browser:
        entered = await browser.get("/mlto/sweeps?token=secret")
    assert entered.headers["location"] == "/mlto/sweeps"
    assert "Path=/mlto/" in entered.headers["set-cookie"]


@pytest.mark.parametrize("header", ["X-Forwarded-Prefix", "X-Forwarded-Context"])
async def test_proxy_of_this_machine_says_where_it_serves_the_pages(logdir, header):
    async with client(logdir) as browser:
        page = await browser.get("/experiments", headers={header: "/user/ada/proxy/5000/"})
    assert 'href="/user/ada/proxy/5000/sweeps"' in page.text


@pytest.mark.parametrize(
    ("sender", "reach", "is_believed"),
    [
        (STRANGER, ReachOptions(), False),
        (STRANGER, ReachOptions(trusted_proxies=frozenset({STRANGER[0]})), True),
    ],
)
async def test_remote_proxies_need_trust(logdir, sender, reach, is_believed):
    async with client(logdir, reach, sender) as browser:
        page = await browser.get("/experiments", headers={"X-Forwarded-Prefix": "/mlto"})
    assert ('href="/mlto/sweeps"' in page.text) is is_believed


@pytest.mark.parametrize("prefix", ["//evil.example", '/x"onload="', "x", "/a/../b", "/é"])
async def test_invalid_forwarded_prefix_is_ignored(logdir, prefix):
    async with client(logdir) as browser:
        header = {"X-Forwarded-Prefix": prefix.encode()}
        page = await browser.get("/experiments", headers=header)
    assert 'href="/sweeps"' in page.text


@pytest.mark.parametrize("text", ["mlto", "//host", "/a b", "/a/../b", "https://host/mlto"])
def test_invalid_base_path_is_refused(text):
    with pytest.raises(UsageError, match="--base-path"):
        ReachOptions.parse(base_path=text)


@pytest.mark.parametrize("text", ["", "/", "/mlto", "/mlto/", "/user/ada@example.org/mlto"])
def test_base_path_is_read_without_its_last_slash(text):
    assert ReachOptions.parse(base_path=text).base_path == text.rstrip("/")


async def test_frames_are_refused_until_their_origin_is_given(logdir):
    framed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
    async with client(logdir) as browser:
        refused = await browser.get("/experiments", headers=framed)
        page = await browser.get("/experiments")
    assert refused.status_code == 403
    assert "--frame-ancestors" in refused.text
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]

    reach = ReachOptions.parse(frame_ancestors=["self", "https://hub.example.org"])
    async with client(logdir, reach) as browser:
        shown = await browser.get("/experiments", headers=framed)
        read = await browser.get("/api/metrics", headers={"Sec-Fetch-Site": "cross-site"})
    assert shown.status_code == 200
    assert "x-frame-options" not in shown.headers
    policy = shown.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://hub.example.org")
    assert read.status_code == 403


@pytest.mark.parametrize("text", ["*", "https://a; script-src *", "hub.example.org", "'none'"])
def test_invalid_frame_ancestor_is_refused(text):
    with pytest.raises(UsageError, match="--frame-ancestors"):
        ReachOptions.parse(frame_ancestors=[text])


async def test_host_names_are_refused_with_the_option_that_allows_them(logdir):
    hub = {"Host": "hub.example.org"}
    async with client(logdir) as browser:
        refused = await browser.get("/experiments", headers=hub)
    assert refused.status_code == 400
    assert "--allowed-host" in refused.text
    async with client(logdir, ReachOptions.parse(allowed_hosts=["Hub.example.org"])) as browser:
        assert (await browser.get("/experiments", headers=hub)).status_code == 200


@pytest.mark.parametrize(("names", "is_allowed"), [((), False), (("hub.example.org",), True)])
async def test_actions_come_through_a_proxy_that_changes_the_host(logdir, names, is_allowed):
    async with client(logdir, ReachOptions.parse(allowed_hosts=names)) as browser:
        csrf = browser._transport.app.state.csrf
        headers = {
            "Origin": "https://hub.example.org",
            "X-CSRF-Token": csrf,
            "Sec-Fetch-Site": "same-origin",
        }
        body = {"metric": "loss", "goal": "min"}
        answer = await browser.post("/api/goal", json=body, headers=headers)
    assert answer.is_success is is_allowed
    assert is_allowed or "--allowed-host" in answer.json()["error"]
