"""Runs as processes of this machine: process groups, CPUs and GPUs.

May import the interface in `executors.base`, and what `executors` may import. No other engine.
"""
