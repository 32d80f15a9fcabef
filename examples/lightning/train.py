"""A LightningModule: one logger, and a stopped training ends in order by itself."""

import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader, TensorDataset

from ml_tracking_ops.integrations.lightning import TrackingLogger
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(lr=0.01)
x = torch.linspace(-1, 1, 64)[:, None]
data = DataLoader(TensorDataset(x, torch.sin(3 * x)), batch_size=16)


class Model(LightningModule):
    def __init__(self, lr):
        super().__init__()
        self.save_hyperparameters()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)
        )

    def training_step(self, batch, index):
        loss = torch.nn.functional.mse_loss(self.layers(batch[0]), batch[1])
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


trainer = Trainer(
    max_epochs=3,
    logger=TrackingLogger(),
    log_every_n_steps=1,
    enable_progress_bar=False,
    accelerator="cpu",
)
trainer.fit(Model(hp.lr), data)
