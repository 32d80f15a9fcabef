"""Reading logs: whole, from the tail, as numpy columns, and which values count.

May import the modules of the logger that know the format. The writing side imports nothing of it.
"""
