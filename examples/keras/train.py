"""Keras with any backend: one callback."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
import numpy as np

from ml_tracking_ops.integrations.keras import TrackingCallback
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=0.01)
x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
model = keras.Sequential([keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(hp.learning_rate), loss="mse")
model.fit(x, np.sin(3 * x), epochs=4, batch_size=16, verbose=0, callbacks=[TrackingCallback()])
