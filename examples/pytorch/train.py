"""A training loop in PyTorch, with a checkpoint in the folder of the run."""

import torch

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(lr=0.01, hidden=16)
torch.manual_seed(0)
x = torch.linspace(-1, 1, 64)[:, None]
y = torch.sin(3 * x)
model = torch.nn.Sequential(
    torch.nn.Linear(1, hp.hidden), torch.nn.Tanh(), torch.nn.Linear(hp.hidden, 1)
)
optimizer = torch.optim.Adam(model.parameters(), lr=hp.lr)

with ExperimentLogger("runs") as writer:
    for step in range(50):
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        writer.add_scalar("loss", loss, step)
    torch.save(model.state_dict(), f"{writer.run_dir}/model.pt")
