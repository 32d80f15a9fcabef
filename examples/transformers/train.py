"""A tiny BERT from scratch, so that nothing is downloaded."""

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from ml_tracking_ops.integrations.transformers import TrackingCallback
from ml_tracking_ops.logger import hyperparameters

hp = hyperparameters(learning_rate=0.01)
torch.manual_seed(0)
config = BertConfig(
    vocab_size=32,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=16,
    max_position_embeddings=16,
)
data = [{"input_ids": torch.randint(0, 32, (8,)), "labels": torch.tensor(n % 2)} for n in range(32)]
trainer = Trainer(
    model=BertForSequenceClassification(config),
    args=TrainingArguments(
        output_dir="out",
        learning_rate=hp.learning_rate,
        num_train_epochs=2,
        per_device_train_batch_size=8,
        logging_steps=1,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    ),
    train_dataset=data,
    callbacks=[TrackingCallback()],
)
trainer.train()
