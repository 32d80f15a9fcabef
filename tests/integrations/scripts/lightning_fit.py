import json
import os

import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader, TensorDataset

from ml_tracking_ops.integrations.lightning import TrackingLogger
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=0.01)
torch.manual_seed(0)
x = torch.randn(64, 4)
data = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16)
seen = []


class Model(LightningModule):
    def __init__(self, learning_rate):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, index):
        loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
        seen.append((self.global_step, float(loss)))
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.learning_rate)


trainer = Trainer(
    max_epochs=int(os.environ.get("EPOCHS", "2")),
    logger=TrackingLogger(),
    log_every_n_steps=1,
    enable_progress_bar=False,
    accelerator="cpu",
)
model = Model(hp.learning_rate)
trainer.fit(model, data, data)
trainer.validate(model, data, verbose=False)
with open(os.environ["REPORT"], "w") as file:
    json.dump({"loss": seen, "checkpoints": trainer.checkpoint_callback.best_model_path}, file)
print("saved after the training")
