"""The use of CPU, memory and GPUs by runs, sampled into a log beside the run's own.

Needs only the standard library on Linux, psutil elsewhere, and NVML's bindings for GPUs, if
installed. May import `locks` and `paths` of the logger.
"""
