"""Take `docs/sweep.png`: the page of the demo's sweep while it runs."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / place) for place in ("support", "support/browser")]

from assets import load_assets  # noqa: E402
from chromium import open_browser  # noqa: E402
from tabs import Tabs  # noqa: E402

N_ENDED = 11
COMMAND = Path(sys.executable).with_name("ml-tracking-ops")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen(
            [COMMAND, "demo", "--port=0"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            line = demo.stdout.readline() if demo.stdout else ""
            take_picture(line.split()[-1], ROOT / "docs" / "sweep.png")
        finally:
            demo.terminate()
            demo.wait()


def take_picture(address: str, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with open_browser(load_assets()) as browser:
        tabs = Tabs(browser)
        page = tabs.open(height=1400, has_policy=False)
        page.goto(f"{address}/sweeps")
        page.wait_for_function(
            f"Number(document.querySelector('#n-ended').textContent) >= {N_ENDED}",
            timeout=300_000,
        )
        page.screenshot(path=path)
        print(json.dumps({"picture": str(path), "errors": tabs.errors}))
        tabs.close()


if __name__ == "__main__":
    main()
