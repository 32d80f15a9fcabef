"""Answers of W&B's own packages, for comparison."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

ORACLE = Path(__file__).with_name("wandb_oracle.py")


class WandbError(Exception):
    """W&B's code raised an error with this text."""


class Reference:
    """A process that has loaded W&B's packages. Use `reference.ask("quantiles", …)`.

    Args:
        folder: for the files that W&B's agent writes.
    """

    def __init__(self, folder: Path) -> None:
        self._n_asked = 0
        # -I: `sweeps` must be W&B's package, not the module beside the program
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-W", "ignore", ORACLE],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str, *arguments: Any) -> Any:
        """Return the answer.

        Raises:
            WandbError: W&B's code raised an error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._n_asked += 1
        question = {"what": what, "arguments": arguments, "number": self._n_asked}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        while answer["number"] != self._n_asked:  # of a test that was interrupted
            answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise WandbError(answer["error"])
        return answer["answer"]

    def __enter__(self) -> "Reference":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._process:  # closing its input ends it
            pass
