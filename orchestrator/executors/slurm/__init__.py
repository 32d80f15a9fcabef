"""Runs as batch jobs of Slurm: `sbatch`, `squeue` and `scancel`, and a runner in each job."""
