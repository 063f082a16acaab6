"""Matplotlib, for those who draw a plot."""

from typing import Any


def pyplot() -> Any:
    """Matplotlib without a screen; imported here, since only a plot needs it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
