"""A valley: the loss is least at x = 0.7, y = 0.2."""

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(x=0.5, y=0.5)
with ExperimentLogger("runs") as writer:
    for step in range(10):
        loss = (hp.x - 0.7) ** 2 + (hp.y - 0.2) ** 2 + 1 / (1 + step)
        writer.add_scalar("loss", loss, step)
