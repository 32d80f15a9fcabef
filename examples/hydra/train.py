"""A Hydra application. The sweep overrides its configuration, and the whole of it is logged."""

import hydra
from omegaconf import DictConfig, OmegaConf

from ml_tracking_ops.logger import ExperimentLogger


@hydra.main(version_base=None, config_path=".", config_name="config")
def main(cfg: DictConfig) -> None:
    with ExperimentLogger("runs", config=OmegaConf.to_container(cfg, resolve=True)) as writer:
        x = cfg.model.start
        for step in range(cfg.steps):
            x *= 1 - 2 * cfg.optimizer.lr
            writer.add_scalar("loss", x * x, step)


main()
