"""Logs images, tables and what the logger's own experiment takes, from within a training."""

import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader, TensorDataset

from ml_tracking_ops.integrations.lightning import TrackingLogger

x = torch.randn(32, 4)
data = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16)


class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, index):
        return torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])

    def on_train_epoch_end(self):
        step = self.global_step
        picture = torch.full((3, 6, 8), 0.5)
        self.logger.log_image("samples", [picture, picture], step=step, caption=["one", "two"])
        self.logger.log_table("rows", columns=["label", "p"], data=[["cat", 0.5]], step=step)
        writer = self.logger.experiment
        writer.add_histogram("weights", self.layer.weight, step)
        writer.add_text("note", f"after epoch {self.current_epoch}", step)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


trainer = Trainer(
    max_epochs=2,
    logger=TrackingLogger(),
    log_every_n_steps=1,
    enable_progress_bar=False,
    enable_checkpointing=False,
    accelerator="cpu",
)
trainer.fit(Model(), data)
