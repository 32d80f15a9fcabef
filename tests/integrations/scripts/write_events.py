"""Writes TensorBoard's event files with one of the writers that people use: WRITER FOLDER."""

import math
import sys


def write_with_torch(folder):
    import numpy
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(folder, max_queue=1, flush_secs=1) as writer:
        for step in range(200):
            writer.add_scalar("train/loss", 1 / (step + 1), step)
            if step < 150:  # TensorBoard's readers differ in whether a restart makes tensors void
                writer.add_scalar("new style", step / 3, step, new_style=True)
                writer.add_scalar("double", step / 7, step, double_precision=True)
            writer.add_scalars("both", {"a": step, "b": -step}, step)
            writer.add_text("note", f"text {step}", step)
            writer.add_histogram("weights", numpy.arange(step + 2), step)
        for step, value in enumerate([math.nan, math.inf, -math.inf, 1e-45, -0.0]):
            writer.add_scalar("odd", value, step)
        writer.add_hparams({"lr": 0.1, "name": "ä", "on": True}, {"hparam/best": 1.0})
    with SummaryWriter(folder, purge_step=150) as writer:  # a restart
        for step in range(150, 220):
            writer.add_scalar("train/loss", -step, step)


def write_with_tensorboardx(folder):
    from tensorboardX import SummaryWriter

    with SummaryWriter(folder, max_queue=1, flush_secs=1) as writer:
        for step in range(300):
            writer.add_scalar("train/loss", 1 / (step + 1), step)
            writer.add_scalars("both", {"a": step, "b": -step}, step)
            writer.add_text("note", f"text {step}", step)
        writer.add_scalar("no step", 1.0)
        writer.add_hparams({"lr": 0.1}, {"best": 1.0}, name="trial")


def write_with_lightning(folder):
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import TensorBoardLogger
    from torch.utils.data import DataLoader, TensorDataset

    class Model(LightningModule):
        def __init__(self, lr=0.01):
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch, index):
            loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
            self.log("train/loss", loss)
            return loss

        def validation_step(self, batch, index):
            self.log("val_loss", torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

    x = torch.randn(256, 4)
    data = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16)
    trainer = Trainer(
        max_epochs=4,
        logger=TensorBoardLogger(folder, flush_secs=1, max_queue=1),
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_checkpointing=False,
        accelerator="cpu",
    )
    trainer.fit(Model(), data, data)


def write_with_sb3(folder):
    from stable_baselines3 import A2C

    model = A2C("MlpPolicy", "CartPole-v1", device="cpu", seed=0, tensorboard_log=folder)
    model.learn(3_000, log_interval=5)


def write_with_transformers(folder):
    import torch
    from torch.utils.tensorboard import SummaryWriter
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
    from transformers.integrations import TensorBoardCallback

    config = BertConfig(
        vocab_size=32,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=16,
    )
    rows = [
        {"input_ids": torch.randint(0, 32, (8,)), "labels": torch.tensor(n % 2)} for n in range(64)
    ]
    arguments = TrainingArguments(
        output_dir=f"{folder}/out",
        num_train_epochs=3,
        logging_steps=1,
        report_to=[],
        eval_strategy="epoch",
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
    )
    writer = SummaryWriter(f"{folder}/logs", max_queue=1)
    trainer = Trainer(
        BertForSequenceClassification(config),
        arguments,
        train_dataset=rows,
        eval_dataset=rows,
        callbacks=[TensorBoardCallback(writer)],
    )
    trainer.train()


WRITERS = {
    "torch": write_with_torch,
    "tensorboardX": write_with_tensorboardx,
    "lightning": write_with_lightning,
    "stable_baselines3": write_with_sb3,
    "transformers": write_with_transformers,
}

if __name__ == "__main__":
    WRITERS[sys.argv[1]](sys.argv[2])
