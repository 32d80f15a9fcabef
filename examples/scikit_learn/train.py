"""Digits with scikit-learn, and a few epochs each, so that a rule can stop bad runs."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(alpha=1e-4, eta0=0.01)
x, y = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(x / 16, y, random_state=0)
model = SGDClassifier(alpha=hp.alpha, eta0=hp.eta0, learning_rate="constant", random_state=0)

with ExperimentLogger("runs", higher_is_better={"accuracy": True}) as writer:
    for epoch in range(15):
        model.partial_fit(train_x, train_y, classes=np.unique(y))
        writer.add_scalar("accuracy", model.score(test_x, test_y), epoch)
