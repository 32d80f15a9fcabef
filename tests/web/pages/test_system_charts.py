"""The charts of what a run used of the machine: beside its own, on its page alone."""

import json
import re
from html import unescape
from pathlib import Path

from pages import Client

from ml_tracking_ops.logger import ExperimentLogger


def test_run_page_draws_system_metrics(client: Client, logdir: Path) -> None:
    with ExperimentLogger(logdir) as writer:
        writer.add_scalar("Loss", 1.0, 0)
        own = Path(writer.path)
    name = own.parent.name
    with ExperimentLogger.at(own.with_suffix(".system.dat")) as system:
        system.add_scalars({"system/cpu": 99.5, "system/memory": 120.0}, 5)

    found = re.search(r"data-page=\'([^\']*)\'", client.get(f"/runs/{name}").text)
    assert found is not None
    runs = json.loads(unescape(found[1]))["runs"]

    assert [run["id"] for run in runs] == [name, f"{name}.system"]
    assert "system/cpu" in client.get(f"/export/series?run={name}.system&format=csv").text
    assert "system/cpu" not in client.get(f"/export/series?run={name}&format=csv").text
    assert "system/cpu" not in client.get("/experiments?table=1").text
    assert client.get("/experiments").text.count(f'href="/runs/{name}') >= 1
    assert f"{name}.system" not in client.get("/experiments").text
