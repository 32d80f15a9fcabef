"""The web app is killed while browsers are connected. The sweep and the pages continue."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import anyio
import httpx
import pytest
from live import Page, StreamEnded, listening
from sweeps import COMMAND, processes_with, wait_until

from ml_tracking_ops.logger import ExperimentLogger

N_PAGES, N_KILLS, N_VALUES, N_UNSEEN = 5, 2, 300, 10


class WebApp:
    """`ml-tracking-ops web` as a process of its own, always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = "0"
        self.address = ""
        self.start()

    def start(self) -> None:
        output = self.folder / "output"
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [*COMMAND, "web", "--port", self.port],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        wait_until(lambda: re.search(r"http://\S+", output.read_text()), "the address")
        self.address = re.findall(r"http://[^\s/]+", output.read_text())[0]
        self.port = self.address.rpartition(":")[2]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebApp]:
    app = WebApp(tmp_path)
    yield app
    app.kill()
    wait_until(lambda: processes_with(str(tmp_path)) == [], "everything to be gone")


async def follow(web: WebApp, page: Page, n_points: int) -> None:
    """As a browser's EventSource: when the stream breaks, connect again where the page is."""
    while page.n_points < n_points:
        try:
            async with listening(web.address, page.query) as reader:
                while page.n_points < n_points:
                    page.take(await reader.next())
        except (httpx.HTTPError, StreamEnded):
            await anyio.sleep(0.02)


@pytest.mark.anyio
async def test_pages_lose_and_repeat_nothing_though_the_web_app_is_killed(
    tmp_path: Path, web: WebApp, moments: Random
) -> None:
    kills = moments.sample(range(1, N_VALUES), N_KILLS)
    logger = ExperimentLogger(logdir=tmp_path / "runs")
    pages = [Page(os.path.basename(logger.folder)) for _ in range(N_PAGES)]
    with logger:
        async with anyio.create_task_group() as tasks:
            for page in pages:
                tasks.start_soon(follow, web, page, N_VALUES + N_KILLS * N_UNSEEN)
            for step in range(N_VALUES):
                logger.add_scalar("Loss", step, step)
                if step in kills:
                    await everybody_has(pages, step // 2)
                    web.kill()
                    for number in range(N_UNSEEN):  # no server shows these
                        logger.add_scalar("Accuracy", number, step * N_UNSEEN + number)
                    web.start()
    for page in pages:
        assert [step for step, _ in page.points["Loss"]] == [*range(N_VALUES)]
        assert len(page.points["Accuracy"]) == N_KILLS * N_UNSEEN
        assert page.n_resets == 0


async def everybody_has(pages: list[Page], n_points: int) -> None:
    with anyio.fail_after(30):
        while min(page.n_points for page in pages) < n_points:
            await anyio.sleep(0.005)
