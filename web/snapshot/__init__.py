"""A page of the dashboard as one file, which needs no server and no network.

The page is the one that the server renders. Its styles and scripts, uPlot among them, and the
answers to its scripts' requests are written into it. May import `serving`, `media` and `rendering`,
besides `logger`.
"""
