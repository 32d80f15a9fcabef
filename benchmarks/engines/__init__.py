"""What the measurements of engines share: `on_slurm.py`, `on_ray.py` and `on_this_machine.py`."""
