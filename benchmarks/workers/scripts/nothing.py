"""A training script that does nothing."""
