"""Read logs: whole, from the tail, as numpy columns, and decide which values count.

May import the modules of the logger itself and `tensorboard`. The writing side imports nothing of
it.
"""
