"""What a sampler and a stopping rule learn from: sweeps and runs as they went.

May import the modules of `store` that fold or know states, not `sweep_record`, which fills them."""
