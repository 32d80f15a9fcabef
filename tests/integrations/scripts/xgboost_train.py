import json
import os

import numpy as np
import xgboost

from ml_tracking_ops.integrations.xgboost import TrackingCallback
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=0.3)
rng = np.random.default_rng(0)
x = rng.normal(size=(200, 4))
y = x.sum(1)
train, valid = xgboost.DMatrix(x[:150], y[:150]), xgboost.DMatrix(x[150:], y[150:])
results = {}
xgboost.train(
    {"eta": hp.learning_rate, "nthread": 1},
    train,
    num_boost_round=int(os.environ.get("EPOCHS", "4")),
    evals=[(train, "train"), (valid, "valid")],
    evals_result=results,
    verbose_eval=False,
    callbacks=[TrackingCallback()],
)
with open(os.environ["REPORT"], "w") as file:
    json.dump(results, file)
print("saved after the training")
