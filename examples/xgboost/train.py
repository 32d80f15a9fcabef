"""Boosted trees: a metric for each data set after each round."""

import numpy as np
import xgboost

from ml_tracking_ops.integrations.xgboost import TrackingCallback
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(eta=0.3, max_depth=3)
rng = np.random.default_rng(0)
x = rng.normal(size=(200, 4))
y = np.sin(x).sum(1)
train, valid = xgboost.DMatrix(x[:150], y[:150]), xgboost.DMatrix(x[150:], y[150:])
xgboost.train(
    {"eta": hp.eta, "max_depth": hp.max_depth, "nthread": 1},
    train,
    num_boost_round=20,
    evals=[(train, "train"), (valid, "valid")],
    verbose_eval=False,
    callbacks=[TrackingCallback()],
)
