"""The runs of a sweep: how one is started, followed, stopped and recorded, and what follows.

The pool and the scheduler, above, decide which attempt comes next and in which slot. What happens
to it then is here, up to its effect on the sweep. May import what `running` may import, but no
module of `running` itself.
"""
