"""Records a figure, an image and a text, as Stable-Baselines3's documentation shows it."""

import numpy as np
from matplotlib.figure import Figure as Drawing
from stable_baselines3 import A2C
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Figure, Image, Logger

from ml_tracking_ops.integrations.stable_baselines3 import TrackingOutputFormat


class Record(BaseCallback):
    def _on_step(self):
        return True

    def _on_rollout_end(self):
        if self.num_timesteps % 50:
            return
        drawing = Drawing()
        drawing.subplots().plot([0, 1])
        picture = np.full((3, 6, 8), 200, np.uint8)
        self.logger.record("trajectory/figure", Figure(drawing, close=False), exclude="stdout")
        self.logger.record("trajectory/image", Image(picture, "CHW"), exclude="stdout")
        self.logger.record("trajectory/text", f"at {self.num_timesteps}")
        self.logger.dump(self.num_timesteps)


model = A2C("MlpPolicy", "CartPole-v1", device="cpu", seed=0)
model.set_logger(Logger(None, [TrackingOutputFormat()]))
model.learn(100, callback=Record())
