"""Views of the values of runs: scatter, bars, contour, distribution.

May import `runs` and `tables`, and the modules of `insight` below its views.
"""
