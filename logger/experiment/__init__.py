"""The original tool's import path: `ml_tracking_ops.experiment.logger`. May import `logger`."""
