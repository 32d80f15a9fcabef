"""Reinforcement learning: A2C on CartPole."""

from stable_baselines3 import A2C
from stable_baselines3.common.logger import Logger

from ml_tracking_ops.integrations.stable_baselines3 import StopCallback, TrackingOutputFormat
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=7e-4)
model = A2C("MlpPolicy", "CartPole-v1", learning_rate=hp.learning_rate, device="cpu", seed=0)
model.set_logger(Logger(None, [TrackingOutputFormat()]))
model.learn(1_000, log_interval=10, callback=StopCallback())
