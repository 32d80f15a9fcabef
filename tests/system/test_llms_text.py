"""What `docs/llms.txt` says, done word for word, as by an agent that knows nothing else."""

import json
import re
import textwrap
from pathlib import Path

from places import ROOT
from sweeps import run_command

TEXT = (ROOT / "docs" / "llms.txt").read_text(encoding="utf-8")
TRAINING = "def train_one_step(lr, batch_size):\n    return lr * batch_size\n"


def block(start: str) -> str:
    """The indented block of the text that begins so."""
    lines = TEXT[TEXT.index(start) :].splitlines()
    indent = re.search(rf"^ *(?={re.escape(lines[0])})", TEXT, re.MULTILINE)
    assert indent is not None
    end = next(i for i, line in enumerate(lines) if not line.strip())
    return textwrap.dedent(indent[0] + "\n".join(lines[:end])) + "\n"


def test_agent_runs_a_sweep_waits_for_it_and_reads_the_best_run(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAINING + block("from ml_tracking_ops.logger"))
    (tmp_path / "experiment_cfg.json").write_text(block('{"main_script_name"'))
    checked = run_command("sweep", "--dry-run", "--json", folder=tmp_path)
    assert len(checked.stdout.splitlines()) == 20, checked.stderr
    begun = run_command("sweep", "--detach", "--json", "--max-runs", "3", folder=tmp_path)
    name = json.loads(begun.stdout)["name"]
    waited = run_command("wait", name, "--timeout", "3600", "--json", folder=tmp_path)
    assert waited.returncode == 0, waited.stderr
    summary = json.loads(waited.stdout)
    assert (summary["state"], summary["reason"], summary["counts"]) == (
        "finished",
        None,
        {"finished": 3},
    )
    best = summary["best"]
    values = best["hyperparameters"]
    assert best["best_value"] == values["lr"] * values["batch_size"]
    shown = run_command("show", name, str(best["index"]), "--json", folder=tmp_path)
    report = json.loads(shown.stdout)
    assert report["metrics"]["loss"]["count"] == 1000
    assert (tmp_path / report["path"]).with_suffix(".log").is_file()


def test_keys_of_the_text_are_accepted_together(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    config = json.loads(block('{"main_script_name"'))
    for key in ("sampler", "stopping_rules", "timeout_s", "metrics_from", "metrics_pattern"):
        (value,) = re.findall(rf'`"{key}": (.+?)`', TEXT)
        config[key] = json.loads(value)
    (pattern,) = re.findall(r'`("[^`]*\(\?P<[^`]*")`', TEXT)
    for one in (config["metrics_pattern"], json.loads(pattern)):
        config["metrics_pattern"] = one
        (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
        done = run_command("sweep", "--dry-run", folder=tmp_path)
        assert done.returncode == 0, done.stderr
