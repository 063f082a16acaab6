"""Plots: a Matplotlib figure that is drawn without a screen and written to a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def plot(path: Path, width: float, height: float, columns: int = 1, dpi: int = 120) -> Iterator[Any]:
    """Axes to draw on, or an array of them side by side, written to ``path`` as PNG at the end; inches.

    The file holds neither date nor versions: the same plot is the same file. Matplotlib is imported here, since only
    a plot needs it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    yield figure.subplots(1, columns, sharey=True)
    figure.savefig(path, dpi=dpi, format="png", metadata={"Software": None})
