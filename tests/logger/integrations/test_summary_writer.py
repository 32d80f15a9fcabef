"""Our `SummaryWriter` in the place of torch's and tensorboardX's."""

import os
from pathlib import Path

import numpy as np
import pytest

from ml_tracking_ops.integrations.tensorboard import SummaryWriter
from ml_tracking_ops.logger import read_log, read_run
from ml_tracking_ops.logger.paths import RUN_FILE_VARIABLE
from ml_tracking_ops.orchestrator.reports.entries import show_run
from ml_tracking_ops.orchestrator.store.catalog import Catalog


def test_script_becomes_an_experiment_named_after_its_folder(tmp_path: Path) -> None:
    with SummaryWriter(f"{tmp_path}/runs/ppo__1", flush_secs=10, purge_step=0) as writer:
        writer.add_scalar("loss", np.float32(0.5), 3, 100.0)
        writer.add_scalar("loss", np.array([0.25]), global_step=4)
        writer.add_scalar("unstepped", 1)
        writer.add_scalar("unstepped", 2)
        writer.add_scalars("acc", {"train": 0.5, "test": 0.25}, 7)
        writer.add_hparams({"lr": 0.1, "net": {"depth": 3}}, {"hparam/best": 1.0})
        writer.flush()
    writer.close()

    assert writer.get_logdir() == writer.log_dir == f"{tmp_path}/runs/ppo__1"
    (experiment,) = Catalog(tmp_path / "runs").experiments.values()
    log = read_log(experiment.dat_path)
    assert experiment.id == "ppo__1"
    assert experiment.state() == "finished"
    assert list(log) == ["loss", "unstepped", "acc/train", "acc/test", "hparam/best"]
    assert log["loss"].step.tolist() == [3, 4]
    assert log["loss"].wall_time[0] == 100.0
    assert log["unstepped"].step.tolist() == [0, 1]
    report = show_run(experiment)
    assert "config" in report
    assert report["config"] == {"lr": 0.1, "net.depth": 3}
    assert report["environment"]["pid"] == os.getpid()


def test_default_folder_is_below_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with SummaryWriter(comment="_lr_0.1") as writer:
        writer.add_scalar("loss", 1.0, 1)

    (experiment,) = Catalog(tmp_path / "runs").experiments.values()
    assert experiment.id.endswith("_lr_0.1")
    assert f"runs/{experiment.id}" == writer.get_logdir()


def test_writer_in_a_sweep_writes_the_log_of_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUN_FILE_VARIABLE, str(tmp_path / "run.dat"))
    with SummaryWriter(str(tmp_path / "elsewhere")) as writer:
        writer.add_scalar("loss", 1.0, 1)

    assert read_log(tmp_path / "run.dat")["loss"].value.tolist() == [1.0]
    assert not (tmp_path / "elsewhere").exists()


def test_unsupported_calls_are_reported_once_for_each_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SummaryWriter(logdir=tmp_path / "run") as writer:
        for step in range(3):
            writer.add_embedding(np.zeros(3), step)
            writer.add_video("film", np.zeros((3, 2, 2)), step)

    message = capsys.readouterr().err
    assert message.count("add_embedding") == 1
    assert message.count("add_video") == 1
    with pytest.raises(AttributeError, match="add_nonsense"):
        _ = writer.add_nonsense


def test_more_bins_than_are_kept_become_fewer(tmp_path: Path) -> None:
    values = np.arange(5_001.0)
    with SummaryWriter(tmp_path / "run") as writer:
        writer.add_histogram("number", values, 1, bins=5_000)
        writer.add_histogram("edges", values, 1, bins=np.arange(5_002.0))
    media = read_run(tmp_path / "run").media
    found = media["number"][0].histogram
    assert (len(found.counts), sum(found.counts)) == (1_000, 5_001)
    found = media["edges"][0].histogram
    assert (len(found.counts), sum(found.counts)) == (834, 5_001)
    assert (found.edges[:3], found.edges[-1]) == ((0, 6, 12), 5_001)


def test_images_texts_histograms_and_sounds_are_kept(tmp_path: Path) -> None:
    chw = np.zeros((3, 4, 6), np.uint8)
    with SummaryWriter(tmp_path / "run") as writer:
        writer.add_image("picture", chw, 1, 12.5)
        writer.add_image("grey", np.zeros((4, 6)), 1, dataformats="HW")
        writer.add_images("batch", np.zeros((2, 3, 4, 6)), 1)
        writer.add_text("note", "# hi", 1)
        writer.add_histogram("weights", np.arange(10.0), 1)
        writer.add_histogram("bins", np.arange(10.0), 1, bins=5)
        writer.add_histogram_raw(
            "raw",
            min=0.5,
            max=9.5,
            num=3,
            sum=15.0,
            sum_squares=1.0,
            bucket_limits=[1.0, 5.0, 1.7e308],
            bucket_counts=[1, 0, 2],
            global_step=1,
        )
        writer.add_audio("sound", np.zeros((1, 800)), 1, sample_rate=8_000)
        writer.add_text("counted", "a")
        writer.add_text("counted", "b")
    media = read_run(tmp_path / "run").media
    picture = media["picture"][0]
    assert (picture.width, picture.height, picture.wall_time) == (6, 4, 12.5)
    assert media["batch"][0].width == 6 * 2 + 2
    assert len(media["weights"][0].histogram.counts) == 64
    assert len(media["bins"][0].histogram.counts) == 5
    raw = media["raw"][0].histogram
    assert (raw.counts, raw.edges) == ((1, 0, 2), (0.5, 1.0, 5.0, 9.5))
    assert (raw.number, raw.mean) == (3, 5.0)
    assert media["sound"][0].kind == "audio"
    assert [item.step for item in media["counted"]] == [0, 1]
