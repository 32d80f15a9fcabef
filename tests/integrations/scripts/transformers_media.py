"""A callback of the script logs media through the Trainer's log."""

import torch
from matplotlib.figure import Figure
from PIL import Image
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from ml_tracking_ops.integrations.transformers import TrackingCallback

config = BertConfig(
    vocab_size=32,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=16,
    max_position_embeddings=16,
)
data = [{"input_ids": torch.randint(0, 32, (8,)), "labels": torch.tensor(n % 2)} for n in range(16)]


class LogSamples(TrainerCallback):
    def on_epoch_end(self, args, state, control, **kwargs):
        figure = Figure()
        figure.subplots().plot([0, 1])
        values = {
            "confusion": figure,
            "attention": Image.new("RGB", (8, 6), "red"),
            "generated": f"**text** after step {state.global_step}",
            "logits": torch.arange(5.0),
        }
        trainer.log(values)


trainer = Trainer(
    model=BertForSequenceClassification(config),
    args=TrainingArguments(
        output_dir="out",
        num_train_epochs=2,
        per_device_train_batch_size=8,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    ),
    train_dataset=data,
    callbacks=[TrackingCallback(), LogSamples()],
)
trainer.train()
