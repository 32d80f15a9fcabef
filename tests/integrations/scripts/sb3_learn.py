import json
import os

from stable_baselines3 import A2C
from stable_baselines3.common.logger import KVWriter, Logger

from ml_tracking_ops.integrations.stable_baselines3 import StopCallback, TrackingOutputFormat
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=7e-4)
seen = []


class Report(KVWriter):
    def write(self, key_values, key_excluded, step=0):
        numbers = {k: float(v) for k, v in key_values.items() if not isinstance(v, str)}
        seen.append((step, numbers))

    def close(self):
        pass


model = A2C("MlpPolicy", "CartPole-v1", learning_rate=hp.learning_rate, device="cpu", seed=0)
model.set_logger(Logger(None, [Report(), TrackingOutputFormat()]))
model.learn(int(os.environ.get("EPOCHS", "4")) * 250, log_interval=10, callback=StopCallback())
with open(os.environ["REPORT"], "w") as file:
    json.dump(seen, file)
print("saved after the training")
