"""What training scripts import: ``from ml_tracking_ops.experiment.logger import …``."""

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

__all__ = ["ExperimentLogger"]
