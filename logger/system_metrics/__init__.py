"""What runs use of the machine: CPU, memory and GPUs, sampled into a log beside the run's own.

Needs the standard library alone on Linux, elsewhere psutil, and NVML's bindings for GPUs, if there.
May import `locks` and `paths` of the logger.
"""
