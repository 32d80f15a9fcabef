"""The calls of W&B's client that scripts use, and what becomes of them."""

import json
import subprocess
import sys

import numpy as np
import pandas
import pytest
from PIL import Image
from sweeps import run_command, sweep_folder, write_config

from ml_tracking_ops.integrations import wandb
from ml_tracking_ops.logger import read_log, read_runs
from ml_tracking_ops.logger.paths import HYPERPARAMETERS_VARIABLE
from ml_tracking_ops.logger.reading.reader import read_ending

SWEPT = """
import ml_tracking_ops.integrations.wandb as wandb

def train():
    run = wandb.init(project="digits", config={"lr": 0.1, "optimizer": {"beta": 0.9}})
    for step in range(3):
        wandb.log({"loss": wandb.config.lr * wandb.config["optimizer"]["beta"] / (step + 1)})
    wandb.finish()

wandb.agent(wandb.sweep({"method": "grid"}), function=train)
"""


@pytest.fixture(autouse=True)
def no_sweep(monkeypatch):
    monkeypatch.delenv(HYPERPARAMETERS_VARIABLE, raising=False)
    yield
    wandb.finish()


def logged(tmp_path):
    [dat] = tmp_path.rglob("*.dat")
    return {name: (list(one.step), list(one.value)) for name, one in read_log(dat).items()}


def config_in(tmp_path):
    [record] = tmp_path.rglob("*.run.json")
    return json.loads(record.read_text())["config"]


def test_steps_count_by_themselves_and_never_go_back(tmp_path, capsys):
    run = wandb.init(project="digits", dir=tmp_path)
    wandb.log({"loss": 1.0})
    wandb.log({"loss": 0.5}, commit=False)
    wandb.log({"accuracy": 0.7})
    wandb.log({"loss": 0.25}, step=10)
    wandb.log({"loss": 9.0}, step=4)
    run.finish()
    assert logged(tmp_path) == {"loss": ([0, 1, 10], [1.0, 0.5, 0.25]), "accuracy": ([1], [0.7])}
    assert "step 4 is before" in capsys.readouterr().err


def test_configuration_is_kept_and_can_be_changed(tmp_path):
    with wandb.init(dir=tmp_path, config={"lr": 0.1, "net": {"depth": 2}}, project="p") as run:
        run.config.update({"batch": 32}, allow_val_change=True)
        wandb.config.lr = 0.2
        wandb.config.setdefaults({"lr": 5, "seed": 1})
        assert run.config["net"]["depth"] == 2
        assert "lr" in wandb.config
        assert run.config.get("x") is None
    found = config_in(tmp_path)
    assert found == {
        "lr": 0.2,
        "net": {"depth": 2},
        "batch": 32,
        "seed": 1,
        "wandb": {"project": "p"},
    }


def test_values_of_a_sweep_win_nested_ones_too(tmp_path, monkeypatch):
    monkeypatch.setenv(HYPERPARAMETERS_VARIABLE, json.dumps({"lr": 0.5, "net.depth": 7}))
    run = wandb.init(dir=tmp_path, config={"lr": 0.1, "net": {"depth": 2, "width": 3}})
    run.config.update({"lr": 9})
    assert run.config.as_dict() == {"lr": 0.5, "net": {"depth": 7, "width": 3}}


def test_step_can_be_another_metric(tmp_path, capsys):
    run = wandb.init(dir=tmp_path)
    run.define_metric("epoch")
    run.define_metric("val/*", step_metric="epoch", goal="maximize")
    wandb.log({"train/loss": 1.0})
    wandb.log({"val/accuracy": 0.5, "epoch": 3})
    wandb.log({"val/accuracy": 0.6, "epoch": 3.5})
    wandb.finish()
    found = logged(tmp_path)
    assert found["train/loss"] == ([0], [1.0])
    assert found["val/accuracy"] == ([3, 2], [0.5, 0.6])
    assert "not a whole number" in capsys.readouterr().err


def test_summary_holds_the_last_values_and_keeps_what_is_put_in(tmp_path):
    run = wandb.init(dir=tmp_path)
    wandb.log({"loss": 1.0, "net": {"norm": 2}})
    assert run.summary == {"loss": 1.0, "net.norm": 2.0}
    run.summary["best_accuracy"] = 0.9
    wandb.run.summary["note"] = "text"
    wandb.finish()
    assert logged(tmp_path)["best_accuracy"] == ([0], [0.9])


def test_unsupported_calls_are_reported_once_and_break_nothing(tmp_path, capsys):
    wandb.init(dir=tmp_path)
    wandb.watch(object(), log="all")
    wandb.watch(object())
    artifact = wandb.Artifact("model", type="model")
    artifact.add_file("x")
    wandb.run.log_artifact(artifact)
    wandb.log({"film": wandb.Video([[1]]), "loss": 1.0})
    wandb.finish()
    message = capsys.readouterr().err
    assert message.count("wandb.watch is not kept") == 1
    assert "'film' is not kept" in message
    assert logged(tmp_path) == {"loss": ([0], [1.0])}


def test_calls_before_init_say_what_is_missing():
    assert wandb.run is None
    with pytest.raises(RuntimeError, match=r"call wandb.init\(\) before wandb.log"):
        wandb.log({"loss": 1.0})
    wandb.finish()


@pytest.mark.parametrize(("code", "has_failed"), [(0, False), (1, True)])
def test_exit_code_of_finish_is_the_end_of_the_run(tmp_path, code, has_failed):
    wandb.init(dir=tmp_path).finish(code)
    [dat] = tmp_path.rglob("*.dat")
    assert read_ending(dat).ended_with_error is has_failed


def test_integration_never_replaces_the_wandb_module():
    code = "import sys; import ml_tracking_ops.integrations.wandb; print('wandb' in sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr


def test_script_that_reads_its_configuration_alone_runs_in_a_sweep(tmp_path):
    (tmp_path / "train.py").write_text(SWEPT)
    hyper = {
        "lr": {"type": "uniform", "min": 0.5, "max": 1},
        "optimizer.beta": {"type": "choice", "candidates": [0.5]},
    }
    changes = {"main_script_name": "train.py", "optimization_metric": "loss"}
    write_config(tmp_path, "short.py", max_runs=1, hyperparameters=hyper, **changes)
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    [dat] = sweep_folder(tmp_path / "runs").glob("*_0001.dat")
    first, second, third = read_log(dat)["loss"].value
    assert 0.25 <= first <= 0.5  # lr of the sweep times beta of the sweep
    assert (second, third) == pytest.approx((first / 2, first / 3))


def test_images_histograms_tables_and_sounds_are_kept(tmp_path):
    table = wandb.Table(columns=["label", "p"])
    table.add_data("cat", 0.5)
    pixels = np.zeros((4, 6, 3), np.uint8)
    wandb.init(dir=tmp_path)
    wandb.log({"one": wandb.Image(pixels, caption="x"), "several": [wandb.Image(pixels)] * 2})
    wandb.log(
        {
            "counts": wandb.Histogram(np_histogram=np.histogram([1, 2, 3], 2)),
            "values": wandb.Histogram([1, 2, 3]),
            "array": np.arange(5.0),
            "table": table,
            "sound": wandb.Audio(np.zeros(100), sample_rate=8_000, caption="tone"),
            "text": "hello",
            "nested": {"image": wandb.Image(pixels)},
        }
    )
    wandb.finish()
    (run,) = read_runs(tmp_path)
    media = run.media
    assert media["one"][0].caption == "x"
    assert [item.step for item in media["several"]] == [0, 0]
    assert media["counts"][0].histogram.counts == (1, 2)
    assert media["values"][0].step == 1
    assert media["array"][0].histogram.number == 5
    assert media["table"][0].table.rows == (("cat", 0.5),)
    assert media["sound"][0].caption == "tone"
    assert media["text"][0].text == "hello"
    assert media["nested.image"][0].kind == "image"


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_levels_are_from_0_to_255_in_every_type_of_number(tmp_path, capsys, kind):
    levels = np.arange(4 * 6 * 3).reshape(4, 6, 3) * 3
    wandb.init(dir=tmp_path)
    masks = {"none": {"mask_data": np.zeros((4, 6), np.uint8)}}
    wandb.log({"levels": wandb.Image(levels.astype(kind), masks=masks)})
    wandb.log({"shares": wandb.Image((levels / 255).astype(np.float32))})
    wandb.log({"nearly": wandb.Image(np.array([[0.0, 0.5], [1.02, np.nan]]))})
    wandb.finish()
    media = read_runs(tmp_path)[0].media
    for name in ("levels", "levels/none", "shares"):
        assert np.array_equal(np.asarray(Image.open(media[name][0].path)), levels)
    assert np.asarray(Image.open(media["nearly"][0].path)).tolist() == [[0, 128], [255, 0]]
    assert "'levels'" not in capsys.readouterr().err


def test_images_in_a_table_are_images_of_their_own(tmp_path):
    pixels = np.zeros((4, 6, 3), np.uint8)
    rows = [[1, wandb.Image(pixels)], [2, wandb.Image(pixels, caption="a cat")]]
    wandb.init(dir=tmp_path)
    wandb.log({"predictions": wandb.Table(columns=["id", "image"], data=rows)})
    wandb.finish()
    media = read_runs(tmp_path)[0].media
    assert media["predictions"][0].table.rows == ((1, "row 1"), (2, "a cat"))
    assert [item.caption for item in media["predictions/image"]] == ["row 1", "a cat"]


def test_table_of_very_many_rows_says_how_many_there_were(tmp_path):
    wandb.init(dir=tmp_path)
    wandb.log({"long": wandb.Table(columns=["id"], data=[[n] for n in range(10_001)])})
    wandb.finish()
    table = read_runs(tmp_path)[0].media["long"][0].table
    assert (len(table.rows), table.n_rows) == (10_000, 10_001)


def test_tables_grow_and_refuse_what_does_not_fit():
    table = wandb.Table(data=[["a", 1]], columns=["x", "y"])
    table.add_column("z", [True])
    assert (table.columns, table.data) == (["x", "y", "z"], [["a", 1, True]])
    with pytest.raises(ValueError, match="3 columns, but got 1 cells"):
        table.add_data(1)


def test_table_of_a_frame_has_its_columns_alone_so_that_rows_can_be_added():
    table = wandb.Table(dataframe=pandas.DataFrame({"x": [1]}, index=["first"]))
    table.add_data(2)
    assert (table.columns, table.data) == (["x"], [[1], [2]])


def test_masks_and_boxes_are_painted_into_images_of_their_own(tmp_path):
    pixels = np.zeros((40, 60, 3), np.uint8)
    mask = np.zeros((40, 60), np.uint8)
    mask[:10] = 2
    box = {"position": {"minX": 0.5, "minY": 0.5, "maxX": 0.75, "maxY": 1}, "class_id": 1}
    in_pixels = {"middle": [10, 30], "width": 8, "height": 8}
    image = wandb.Image(
        pixels,
        masks={"truth": {"mask_data": mask, "class_labels": {0: "background", 2: "sky"}}},
        boxes={
            "predictions": {
                "box_data": [
                    {**box, "scores": {"acc": 0.934}},
                    {"position": in_pixels, "domain": "pixel", "class_id": 3, "box_caption": "bus"},
                ]
            }
        },
        classes=[{"id": 1, "name": "cat"}],
    )
    wandb.init(dir=tmp_path)
    wandb.log({"scene": image})
    wandb.finish()
    (run,) = read_runs(tmp_path)
    assert sorted(run.media.names("image")) == ["scene", "scene/predictions", "scene/truth"]
    truth, found = run.media["scene/truth"][0], run.media["scene/predictions"][0]
    assert (truth.caption, found.caption) == ("sky 25 %", "cat 0.934, bus")
    painted = np.asarray(Image.open(truth.path))
    assert (painted[:10] == painted[0, 0]).all()
    assert painted[0, 0].any()
    assert not painted[10:].any()
    edges = np.asarray(Image.open(found.path)).any(axis=2)
    assert edges[20, 30:45].all()
    assert not edges[22:38, 32:43].any()
    assert edges[26, 6:14].all()


def test_masks_that_do_not_fit_are_skipped_and_reported_once(tmp_path, capsys):
    image = wandb.Image(np.zeros((4, 4), np.uint8), masks={"a": {"mask_data": np.zeros((2, 2))}})
    wandb.init(dir=tmp_path)
    wandb.log({"scene": [image, image]})
    wandb.finish()
    (run,) = read_runs(tmp_path)
    assert run.media.names("image") == ["scene"]
    message = capsys.readouterr().err
    assert (
        message.count("wandb.Image: 'a' of masks and boxes is not drawn: the mask is (2, 2)") == 1
    )
