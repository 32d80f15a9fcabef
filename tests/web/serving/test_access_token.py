import re

import httpx
import pytest
from sweeps import run_command, start_command, wait_until

from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.server import names_of_this_machine
from ml_tracking_ops.web.serving.access_token import DashboardAccess, new_token
from ml_tracking_ops.web.serving.reach.loopback import is_loopback

TOKEN = "a-token"


@pytest.fixture
async def client(tmp_path):
    transport = httpx.ASGITransport(create_app(tmp_path, token=TOKEN))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/experiments",
        "/events?catalog=1",
        "/api/series?run=a",
        "/static/page/main.js",
        "/experiments?token=",
        "/experiments?token=A-token",
        "/experiments?token=a-token%00",
        "/experiments?token=é",
    ],
)
async def test_without_the_token_nothing_is_shown(client, path):
    response = await client.get(path)
    assert response.status_code == 403
    assert "token" in response.text
    assert "set-cookie" not in response.headers
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.anyio
async def test_link_leaves_a_cookie_and_leads_on_without_the_token(client):
    response = await client.get(f"/experiments?run=a&token={TOKEN}&run=b")
    assert response.status_code == 303
    assert response.headers["location"] == "/experiments?run=a&run=b"
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/experiments")).status_code == 200


@pytest.mark.anyio
async def test_wrong_cookie_is_refused(client):
    await client.get(f"/?token={TOKEN}")
    (name,) = client.cookies.keys()
    client.cookies.clear()
    client.cookies.set(name, "another")
    assert (await client.get("/experiments")).status_code == 403


@pytest.mark.anyio
async def test_link_never_leads_to_another_host(client):
    response = await client.get(f"http://127.0.0.1//evil.example/?token={TOKEN}")
    location = response.headers["location"]
    assert location.startswith("/")
    assert not location.startswith("//")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_this_machine_alone_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gpubox"])
def test_other_machines_are_known(host):
    assert not is_loopback(host)


def test_token_cannot_be_guessed():
    token = new_token()
    assert len(token) >= 32
    assert token != new_token()


@pytest.mark.parametrize(
    ("token", "knows_owner", "opened"),
    [
        ("t", True, "http://127.0.0.1:5000"),
        ("t", False, "http://127.0.0.1:5000/?token=t"),
        (None, False, "http://127.0.0.1:5000"),
    ],
)
def test_address_holds_the_token_where_its_owner_needs_it(token, knows_owner, opened):
    assert str(DashboardAccess("http://127.0.0.1:5000", token, True, knows_owner)) == opened


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("knows_owner", "state", "status"),
    [
        (True, {"is_owner": True}, 200),
        (True, {"is_owner": False}, 403),
        (True, {}, 403),
        (False, {"is_owner": True}, 403),
    ],
)
async def test_only_the_owner_needs_no_token(tmp_path, knows_owner, state, status):
    app = create_app(tmp_path, token=TOKEN, knows_owner=knows_owner)

    async def with_state(scope, receive, send):
        await app({**scope, "state": state}, receive, send)

    transport = httpx.ASGITransport(with_state)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/experiments")).status_code == status


def test_machine_is_known_by_its_names():
    assert names_of_this_machine()


def test_command_prints_the_link(tmp_path):
    import urllib.error
    import urllib.request

    web = start_command("web", "--host=0.0.0.0", "--port=0", folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: "needs the token" in output.read_text(), "the address")
    match = re.search(r"(http://127\.0\.0\.1:\d+)/\?token=(\S+)", output.read_text())
    assert match, output.read_text()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(f"{match[1]}/?token={match[2]}") as answer:
        assert answer.status == 200
        assert "token" not in answer.url
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(match[1])
    web.terminate()
    assert web.wait(30) == 0


def test_logdir_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    done = run_command("web", "--logdir", "file", folder=tmp_path)
    assert done.returncode == 2
    assert "file is not a folder" in done.stderr
