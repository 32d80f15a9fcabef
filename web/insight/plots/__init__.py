"""Views of the values of runs: scatter, bars, contour, distribution.

May import `runs` and `tables`, besides, the modules of `insight` below its views.
"""
