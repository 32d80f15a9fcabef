"""Runs as batch jobs of Slurm: `sbatch`, `squeue` and `scancel`, and a runner in each job.

May import the modules of `executors` itself, and what `executors` may import. No other engine.
"""
