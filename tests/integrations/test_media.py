"""Images, figures, texts and the like, logged in the ways of the frameworks themselves."""

import os
import subprocess
import sys

import pytest
from conftest import LIMIT_S, SCRIPTS

from ml_tracking_ops.logger import read_runs


@pytest.fixture
def media_of(tmp_path):
    """Run a script by hand, and return its media."""

    def run(script):
        done = subprocess.run(
            [sys.executable, SCRIPTS / script],
            cwd=tmp_path,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (found,) = read_runs(tmp_path / "runs")
        return found.media

    return run


def test_lightning(media_of):
    media = media_of("lightning_media.py")
    assert media.counts == {"image": 4, "table": 2, "histogram": 2, "text": 2}
    assert [(one.step, one.caption) for one in media["samples"]] == [
        (2, "one"),
        (2, "two"),
        (4, "one"),
        (4, "two"),
    ]
    assert (media["samples"][0].width, media["samples"][0].height) == (8, 6)
    assert media["rows"][-1].table.rows == (("cat", 0.5),)
    assert media["weights"][0].histogram.number == 4
    assert [one.text for one in media["note"]] == ["after epoch 0", "after epoch 1"]


def test_transformers(media_of):
    media = media_of("transformers_media.py")
    assert media.counts == {"image": 4, "text": 2, "histogram": 2}
    assert [one.step for one in media["train/attention"]] == [2, 4]
    assert media["train/confusion"][0].width > 100
    assert media["train/generated"][1].text == "**text** after step 4"
    assert media["train/logits"][0].histogram.number == 5


def test_stable_baselines3(media_of):
    media = media_of("sb3_media.py")
    assert media.counts == {"image": 4, "text": 2}
    assert [one.step for one in media["trajectory/image"]] == [50, 100]
    assert (media["trajectory/image"][0].width, media["trajectory/image"][0].height) == (8, 6)
    assert media["trajectory/figure"][0].width > 100
    assert media["trajectory/text"][1].text == "at 100"
