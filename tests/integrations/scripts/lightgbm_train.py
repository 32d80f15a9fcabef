import json
import os

import lightgbm
import numpy as np

from ml_tracking_ops.integrations.lightgbm import tracking_callback
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=0.1)
rng = np.random.default_rng(0)
x = rng.normal(size=(400, 4))
y = x.sum(1)
train = lightgbm.Dataset(x[:300], y[:300])
valid = lightgbm.Dataset(x[300:], y[300:], reference=train)
results = {}
lightgbm.train(
    {"objective": "l1", "learning_rate": hp.learning_rate, "num_threads": 1, "verbosity": -1},
    train,
    num_boost_round=int(os.environ.get("EPOCHS", "4")),
    valid_sets=[valid],
    valid_names=["valid"],
    callbacks=[
        tracking_callback(),
        lightgbm.record_evaluation(results),
        lightgbm.early_stopping(1_000_000, verbose=False),
    ],
)
with open(os.environ["REPORT"], "w") as file:
    json.dump(results, file)
print("saved after the training")
