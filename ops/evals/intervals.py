"""How sure a share is."""

from math import sqrt

Z = 1.959964  # of 95 %


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of `hits` in `count`."""
    if not count:
        return 0.0, 1.0
    share, z2 = hits / count, Z * Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z * sqrt(share * (1 - share) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)
