"""A model as it is served: its network's weights laid out for products with a few rows at a time."""

from dataclasses import replace

from model.blocked import BlockedMatrix
from model.cells import Array, Parameters
from model.network import Network
from model.storage import LanguageModel


class ServedNetwork(Network):
    """A network that cannot be trained any more. Of ``weights`` only those are left that stay as they are."""

    def __init__(self, network: Network) -> None:
        self._digest = network.digest()
        weights = dict(network.weights)
        self._output = BlockedMatrix(weights.pop("embedding").T)
        self._parameters = Parameters(
            BlockedMatrix(weights.pop("W_in")), BlockedMatrix(weights.pop("W_hidden")), weights["b"]
        )
        super().__init__(network.config, weights)

    @property
    def parameters(self) -> Parameters:
        return self._parameters

    @property
    def output_width(self) -> int:
        return self._output.width

    def digest(self) -> str:
        return self._digest

    def step(self, ids: Array, state: Array) -> Array:
        return self.cell.step(self._parameters, self._output.columns(ids), state)

    def logits(self, p: Array, ids: Array | None = None, out: Array | None = None) -> Array:
        if ids is not None:
            return p @ self._output.columns(ids).T + self.weights["bias"][ids]
        logits = p @ self._output if out is None else self._output.multiplied(p, out)
        logits += self.weights["bias"]
        return logits


def served(model: LanguageModel) -> LanguageModel:
    """The model with its network laid out for serving."""
    return replace(model, network=ServedNetwork(model.network))
