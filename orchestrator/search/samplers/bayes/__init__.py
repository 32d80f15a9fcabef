"""The sampler `bayes`: Gaussian processes over results, over curves and over several objectives.

May import `base`, `random` and `quantiles` of the other samplers, and what these may import. Needs
numpy.
"""
