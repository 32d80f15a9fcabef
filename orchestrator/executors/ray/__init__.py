"""Runs on a Ray cluster: a driver in a process of its own, an actor for each slot, a runner each.

executor, run   what the scheduler sees
client          the orchestrator's end of the driver
driver          the only program here that imports Ray
node            what runs on the nodes; sent there, so it needs the standard library alone
relay           which bytes of a run's files have not been passed on yet

May import the modules of `executors` itself, and what `executors` may import. No other engine.
"""
