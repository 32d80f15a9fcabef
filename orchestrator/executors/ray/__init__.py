"""Runs on a Ray cluster: a driver in a process of its own, an actor for each slot, a runner each.

executor, run   the interface for the scheduler
client          the orchestrator's end of the driver
driver          the only program here that imports Ray
node            runs on the nodes; sent there, so it needs only the standard library
conflicts       what in a configuration does not go with Ray
nodes           what the cluster has, and whether it is still there
relay           finds the bytes of a run's files that have not been passed on yet

May import the modules of `executors` itself, and what `executors` may import. No other engine.
"""
