"""The command `sweep` with its event loop measured: measured_sweep.py RESULT ARGUMENTS."""

import gc
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from engines.event_loop import LoopMeter

from ml_tracking_ops.orchestrator.cli.main import main


def measured(result: Path, arguments: list[str]) -> int:
    gc.disable()  # as the command does, until all is imported
    with LoopMeter() as meter:
        code = main(["sweep", *arguments])
    result.write_text(json.dumps(meter.result()))
    return code


if __name__ == "__main__":
    sys.exit(measured(Path(sys.argv[1]), sys.argv[2:]))
