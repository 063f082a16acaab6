"""The optimiser: Adam, gradient clipping, and a learning rate that warms up and decays."""

import math
from collections.abc import Iterable
from types import ModuleType

from model.arrays import Array, Arrays
from model.nn.softmax import RowGradient

# Kingma & Ba, "Adam" (2015), section 2.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def learning_rate(peak: float, progress: float, warm_up: float) -> float:
    """Linear from 0 to ``peak`` over the first ``warm_up`` share of the training, then half a cosine to 0.

    ``progress`` is the share of the budget that is used up, 0 to 1 (Loshchilov & Hutter 2017).
    """
    if progress < warm_up:
        return peak * progress / warm_up
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warm_up) / (1 - warm_up))))


def clip_factor(xp: ModuleType, arrays: Iterable[Array], largest: float) -> tuple[float, float]:
    """Compute the global norm of all gradients, and the factor that makes it ``largest`` where it is more.

    Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks" (2013).
    """
    # One number leaves the device, not one for each array.
    norm = math.sqrt(float(sum(xp.dot(a.reshape(-1), a.reshape(-1)) for a in arrays)))
    return norm, min(1.0, largest / norm) if norm > 0 else 1.0


class Adam:
    """First and second moments for every weight, updated in place.

    Rows of a large array that a batch did not touch keep their moments: the row-wise form that makes a
    step cost what the batch is wide, not what the vocabulary is.
    """

    def __init__(self, xp: ModuleType, weights: Arrays) -> None:
        self._xp, self._weights = xp, weights
        self.steps = 0
        self.first = {name: xp.zeros_like(value) for name, value in weights.items()}
        self.second = {name: xp.zeros_like(value) for name, value in weights.items()}

    def begin_step(self) -> None:
        """Count the step that the following updates belong to."""
        self.steps += 1

    def update(self, name: str, gradient: Array, rate: float) -> None:
        """Move all of a weight array; overwrites ``gradient``."""
        weight = self._weights[name]
        weight -= self._move(self.first[name], self.second[name], gradient, rate)

    def update_rows(self, name: str, gradient: RowGradient, rate: float) -> None:
        """Move some rows, whose ids are unique; overwrites the gradient's values."""
        ids, values = gradient
        first, second = self.first[name][ids], self.second[name][ids]
        self._weights[name][ids] -= self._move(first, second, values, rate)
        self.first[name][ids] = first
        self.second[name][ids] = second

    def _move(self, m: Array, v: Array, g: Array, rate: float) -> Array:
        """Compute the move, rate · m̂ / (√v̂ + ε), from m ← β₁m + (1-β₁)g and v ← β₂v + (1-β₂)g²."""
        xp = self._xp
        m *= BETA1
        v *= BETA2
        square = g * g
        square *= 1 - BETA2
        v += square
        g *= 1 - BETA1
        m += g
        xp.sqrt(v, out=square)
        correction = math.sqrt(1 - BETA2**self.steps)
        square += EPSILON * correction
        xp.divide(m, square, out=square)
        square *= rate * correction / (1 - BETA1**self.steps)
        return square
