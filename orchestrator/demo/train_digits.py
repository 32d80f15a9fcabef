"""Train a small neural network on scikit-learn's handwritten digits, and log its progress."""

import time
from argparse import ArgumentParser

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir", type=str, default="runs")
parser.add_argument("--learning_rate", type=float, default=0.05)
parser.add_argument("--hidden_units", type=int, default=32)
parser.add_argument("--batch_size", type=int, default=32)
parser.add_argument("--momentum", type=float, default=0.9)
parser.add_argument("--epochs", type=int, default=40)
config = parser.parse_args()

digits, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(
    digits / 16.0, labels, test_size=0.25, random_state=0, stratify=labels
)
classes = np.unique(labels)
model = MLPClassifier(
    hidden_layer_sizes=(config.hidden_units,),
    solver="sgd",
    learning_rate_init=config.learning_rate,
    momentum=config.momentum,
    batch_size=config.batch_size,
    random_state=0,
)
random = np.random.default_rng(0)

with ExperimentLogger(logdir=config.logdir) as writer:
    step = 0
    for epoch in range(config.epochs):
        began = time.perf_counter()
        order = random.permutation(len(train_x))
        for start in range(0, len(order) - config.batch_size + 1, config.batch_size):
            batch = order[start : start + config.batch_size]
            model.partial_fit(train_x[batch], train_y[batch], classes=classes)
            step += 1
            if step % 5 == 0:
                writer.add_scalar("loss/train", model.loss_, step)
        predicted = model.predict_proba(test_x)
        accuracy = float((classes[predicted.argmax(axis=1)] == test_y).mean())
        writer.add_scalars(
            {
                "accuracy/validation": accuracy,
                "loss/validation": log_loss(test_y, predicted, labels=classes),
                "seconds per epoch": time.perf_counter() - began,
            },
            step,
        )
        print(f"epoch {epoch + 1:>2}/{config.epochs}  validation accuracy {accuracy:.4f}")
