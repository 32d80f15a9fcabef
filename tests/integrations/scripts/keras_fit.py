import json
import os

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
import numpy as np

from ml_tracking_ops.integrations.keras import TrackingCallback
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=0.01)
rng = np.random.default_rng(0)
x = rng.normal(size=(64, 4)).astype("float32")
y = x.sum(1, keepdims=True)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(hp.learning_rate), loss="mse", metrics=["mae"])
epochs = int(os.environ.get("EPOCHS", "4"))
done = model.fit(
    x, y, epochs=epochs, batch_size=16, verbose=0, callbacks=[TrackingCallback(update_freq="batch")]
)
with open(os.environ["REPORT"], "w") as file:
    json.dump(done.history, file)
print("saved after the training")
