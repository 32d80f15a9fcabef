"""Whether the best of a sweep really is the best: repeated runs → probabilities.

The decisions here are pure. numpy is imported when it is needed. May import `store` and `stopping`.
"""
