"""A Ray cluster of two nodes on loopback."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

RAY = str(Path(sys.executable).parent / "ray")
HEAD, NODE, PORT = "10.99.0.1", "10.99.0.2", 6399


@pytest.fixture(scope="session", autouse=True)
def cluster() -> Iterator[None]:
    """Up for all tests; the rest ends with the namespaces."""
    with tempfile.TemporaryDirectory(prefix="r") as folder:  # Ray wants a short path
        token = Path(folder) / "token"
        token.write_text(secrets.token_hex(16))
        token.chmod(0o600)
        os.environ.update(
            RAY_USAGE_STATS_ENABLED="0",
            RAY_AUTH_MODE="token",
            RAY_AUTH_TOKEN_PATH=str(token),
            RAY_ADDRESS=f"{HEAD}:{PORT}",
        )
        usual = ["--num-cpus=2", "--disable-usage-stats", "--object-store-memory=100000000"]
        head = ["--head", f"--node-ip-address={HEAD}", f"--port={PORT}", f"--temp-dir={folder}/t"]
        _start(*head, "--include-dashboard=false", *usual)
        _start(f"--address={HEAD}:{PORT}", f"--node-ip-address={NODE}", *usual)
        yield
        subprocess.run([RAY, "stop", "--force"], capture_output=True, timeout=60, check=False)


def _start(*options: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    subprocess.run([RAY, "start", *options], env=environment, check=True, timeout=120)
