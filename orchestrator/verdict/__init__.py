"""Whether the best of a sweep really is the best: repeated runs → probabilities.

What decides here is pure. numpy is imported where it is needed. May import `store` and `stopping`.
"""
