"""Settings without an argument parser, and metrics logged by the script itself."""

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(lr=0.1, momentum=0.0)  # the defaults, for runs by hand

with ExperimentLogger("runs", config=dict(hp)) as writer:
    x, velocity = 5.0, 0.0  # the minimum of x² is at 0
    for step in range(1, 51):
        velocity = hp.momentum * velocity - hp.lr * 2 * x
        x += velocity
        writer.add_scalar("loss", x * x, step)
