"""W&B's own packages, asked by tests what they make of a sweep."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

ORACLE = Path(__file__).with_name("wandb_oracle.py")


class WandbError(Exception):
    """W&B's code raised; the text is its error."""


class Reference:
    """A process that has W&B's packages loaded; ask it with `reference.ask("quantiles", …)`.

    Args:
        folder: where it may write files, as W&B's agent does.
    """

    def __init__(self, folder: Path) -> None:
        self._n_asked = 0
        # -I: `sweeps` is to be W&B's package, not the module beside the program
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-W", "ignore", ORACLE],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str, *arguments: Any) -> Any:
        """Raises: WandbError: W&B's code raised."""
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
        with self._process:  # closes its input, which ends it, and waits
            pass
