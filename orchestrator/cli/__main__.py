"""`python -m ml_tracking_ops.orchestrator.cli`: the command without its script."""

from .main import run

if __name__ == "__main__":
    run()
