"""The edges of equal bins, for those that write a histogram and for those that read it."""


def equal_edges(low: float, high: float, n_bins: int) -> list[float]:
    """Return `n_bins` + 1 ascending edges from `low` to `high`, all finite if these are.

    An index has only the first and the last edge of equal bins.
    """
    width, scale = (high - low) / n_bins, 1.0
    if width - width != 0:  # the distance is no float any more, half of it is
        low, width, scale = low / 2, (high / 2 - low / 2) / n_bins, 2.0
    inner = [min((low + width * i) * scale, high) for i in range(1, n_bins)]
    return [low * scale, *inner, high]
