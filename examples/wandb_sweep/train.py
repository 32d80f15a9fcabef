"""A script written for W&B. The import is the only line that changed."""

import ml_tracking_ops.integrations.wandb as wandb  # was: import wandb

run = wandb.init(config={"lr": 0.1})
x = 5.0
for _ in range(20):
    x *= 1 - 2 * wandb.config.lr
    wandb.log({"loss": x * x})
run.finish()
