"""Runs as processes of this machine: process groups, CPUs and GPUs. Imports `supervision`."""
