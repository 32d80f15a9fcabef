"""Write logs: `ExperimentLogger`, the file it appends to, and how its process ends.

May import the standard library, the modules of the logger itself (`records`, `paths`, `locks` and
others) and what `media` offers for images and the like. Reads no log.
"""
