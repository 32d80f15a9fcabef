"""The input of samplers and stopping rules: the course of sweeps and runs.

May import the modules of `store` that fold or know states, not `sweep_record`, which fills them."""
