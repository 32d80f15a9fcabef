"""The outputs of common training libraries, as these print them."""

from ml_tracking_ops.orchestrator.output.parser import parse_all

TRANSFORMERS = """\
  5%|▌         | 50/1000 [00:10<03:10,  5.00it/s]{'loss': 0.6931, 'grad_norm': 1.25, \
'learning_rate': 4.75e-05, 'epoch': 0.5}
{'eval_loss': '0.5', 'eval_accuracy': 0.75, 'eval_runtime': 1.2, 'epoch': 1.0}
{'vocab_size': 30522, 'hidden_size': 768}
"""
KERAS = """\
Epoch 1/2
  1/938 ━━━━━━━━━━━━━━━━━━━━ 3:10 203ms/step - accuracy: 0.1250 - loss: 2.4000
938/938 ━━━━━━━━━━━━━━━━━━━━ 2s 2ms/step - accuracy: 0.8750 - loss: 0.4500
938/938 ━━━━━━━━━━━━━━━━━━━━ 3s 3ms/step - accuracy: 0.8750 - loss: 0.4500 \
- val_accuracy: 0.9000 - val_loss: 0.3500
Epoch 2/2
938/938 - 2s - 2ms/step - accuracy: 0.9200 - loss: 0.3000 - val_accuracy: 0.9300 - val_loss: 0.2500
"""
LIGHTGBM = """\
[LightGBM] [Info] Total Bins 6132
Training until validation scores don't improve for 2 rounds
[1]\ttraining's l2: 0.25\tvalid_1's l2: 0.26
[2]\ttraining's l2: 0.2\tvalid_1's l2: 0.27
[3]\tcv_agg's valid auc: 0.7 + 0.01
Early stopping, best iteration is:
[1]\ttraining's l2: 0.25\tvalid_1's l2: 0.26
"""
XGBOOST = """\
[0]\ttrain-rmse:0.5\teval-rmse:0.6
[10]\ttrain-rmse:0.25\teval-rmse:0.4+0.02
Stopping. Best iteration:
[0]\ttrain-rmse:0.5\teval-rmse:0.6
"""
STABLE_BASELINES3 = """\
----------------------------------
| rollout/           |           |
|    ep_len_mean     | 23.5      |
|    ep_rew_mean     | -1.5e+03  |
| time/              |           |
|    fps             | 1432      |
|    total_timesteps | 4096      |
| train/             |           |
|    loss            | 12.25     |
----------------------------------
Logging to runs
"""


def test_transformers_prints_dictionaries() -> None:
    assert parse_all("transformers", TRANSFORMERS.splitlines()) == [
        ("loss", 0.6931, None),
        ("grad_norm", 1.25, None),
        ("learning_rate", 4.75e-05, None),
        ("epoch", 0.5, None),
        ("eval_loss", 0.5, None),
        ("eval_accuracy", 0.75, None),
        ("eval_runtime", 1.2, None),
        ("epoch", 1.0, None),
    ]


def test_keras_gives_each_metric_once_an_epoch() -> None:
    assert parse_all("keras", KERAS.splitlines()) == [
        ("accuracy", 0.875, 1),
        ("loss", 0.45, 1),
        ("val_accuracy", 0.9, 1),
        ("val_loss", 0.35, 1),
        ("accuracy", 0.92, 2),
        ("loss", 0.3, 2),
        ("val_accuracy", 0.93, 2),
        ("val_loss", 0.25, 2),
    ]


def test_lightgbm_counts_rounds_and_repeats_none() -> None:
    assert parse_all("lightgbm", LIGHTGBM.splitlines()) == [
        ("training's l2", 0.25, 1),
        ("valid_1's l2", 0.26, 1),
        ("training's l2", 0.2, 2),
        ("valid_1's l2", 0.27, 2),
        ("cv_agg's valid auc", 0.7, 3),
    ]


def test_xgboost_counts_rounds_and_repeats_none() -> None:
    assert parse_all("xgboost", XGBOOST.splitlines()) == [
        ("train-rmse", 0.5, 0),
        ("eval-rmse", 0.6, 0),
        ("train-rmse", 0.25, 10),
        ("eval-rmse", 0.4, 10),
    ]


def test_stable_baselines3_prints_a_table_for_each_step() -> None:
    assert parse_all("stable_baselines3", STABLE_BASELINES3.splitlines()) == [
        ("rollout/ep_len_mean", 23.5, 4096),
        ("rollout/ep_rew_mean", -1500.0, 4096),
        ("time/fps", 1432.0, 4096),
        ("train/loss", 12.25, 4096),
    ]
