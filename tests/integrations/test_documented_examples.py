"""The examples of docs/frameworks.md, run as they are, with data and a model around them."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import LIMIT_S, read_series

DOCS = Path(__file__).parents[2] / "docs" / "frameworks.md"

TORCH = """
import torch
from torch.utils.data import DataLoader, TensorDataset
x = torch.randn(64, 4)
data = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16)
"""
NUMPY = """
import numpy
x = numpy.random.default_rng(0).normal(size=(64, 4))
y = x.sum(1)
"""
BEFORE = {
    "Any script": "",
    "Lightning": TORCH
    + """
from lightning.pytorch import LightningModule, Trainer as _Trainer
class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
    def training_step(self, batch, index):
        loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)
def Trainer(**options):
    options |= {"max_epochs": 1, "log_every_n_steps": 1, "accelerator": "cpu"}
    return _Trainer(enable_progress_bar=False, **options)
""",
    "transformers and trl": """
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16}
config = BertConfig(num_hidden_layers=1, num_attention_heads=2, **sizes)
model = BertForSequenceClassification(config)
args = TrainingArguments(
    output_dir="out", max_steps=3, logging_steps=1, report_to=[], save_strategy="no", use_cpu=True
)
rows = [
    {"input_ids": torch.randint(0, 32, (8,)), "labels": torch.tensor(n % 2)} for n in range(32)
]
""",
    "Keras": NUMPY
    + """
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss="mse")
""",
    "XGBoost and LightGBM": NUMPY
    + """
import xgboost, lightgbm
params, data, valid = {"nthread": 1}, xgboost.DMatrix(x, y), xgboost.DMatrix(x, y)
""",
    "Stable-Baselines3": """
from stable_baselines3 import A2C
model = A2C("MlpPolicy", "CartPole-v1", device="cpu")
_learn = model.learn
model.learn = lambda n, **options: _learn(min(n, 600), log_interval=10, **options)
""",
    "Scripts written for W&B": "",
}
BEFORE_LIGHTGBM = """
data = valid = lightgbm.Dataset(x, y)
params = {"objective": "l1", "num_threads": 1, "verbosity": -1}
"""
AFTER = {
    "Any script": "writer.add_scalar('loss', hp.learning_rate, hp.depth)\n",
    "Lightning": "trainer.fit(Model(), data)\n",
    "transformers and trl": "trainer.train_dataset = rows\ntrainer.train()\n",
    "Scripts written for W&B": """
run = wandb.init(config={"lr": 0.1})
for step in range(3):
    wandb.log({"loss": wandb.config.lr * step})
wandb.finish()
""",
}
METRICS = {
    "Any script": {"loss"},
    "Lightning": {"loss"},
    "transformers and trl": {"train/loss"},
    "Keras": {"loss"},
    "XGBoost and LightGBM": {"valid/rmse"},
    "Stable-Baselines3": {"rollout/ep_rew_mean"},
    "Scripts written for W&B": {"loss"},
}


def examples() -> dict[str, list[str]]:
    """Heading -> its indented blocks of code."""
    found: dict[str, list[str]] = {}
    for section in DOCS.read_text().split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        parts = (part for part in text.strip("\n").split("\n\n") if part.startswith("    "))
        found[heading] = [textwrap.dedent(part) for part in parts]
    return found


def test_every_section_is_run():
    assert set(examples()) == set(BEFORE) == set(METRICS)


@pytest.mark.parametrize("heading", list(BEFORE))
def test_example_logs_what_it_trains(tmp_path, heading):
    code = "\n".join(examples()[heading]).replace(", ...)", ")")
    code = code.replace("lightgbm.train(", f"{BEFORE_LIGHTGBM}lightgbm.train(")
    script = tmp_path / "train.py"
    script.write_text(BEFORE[heading] + code + "\n" + AFTER.get(heading, ""))
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    logs = [read_series(path) for path in sorted((tmp_path / "runs").rglob("*.dat"))]
    assert METRICS[heading] <= logs[0].keys(), logs
    if heading.startswith("XGBoost"):
        assert "valid/l1" in logs[1]
