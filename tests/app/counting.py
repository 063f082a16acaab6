"""A network that tells what it was asked to do."""

from dataclasses import replace
from threading import Event

from model.arrays import Array
from model.lm.language_model import LanguageModel
from model.nn.network import Network


class CountingNetwork(Network):
    """Writes down how many contexts each step read; can be told to fail, or to wait in a step."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.config, network.weights)
        self.batches: list[int] = []
        self.error: Exception | None = None
        self.project_error: Exception | None = None
        self.logits_error: Exception | None = None
        self.in_step = Event()
        self.go_on = Event()
        self.go_on.set()

    def step_on(self, inputs: Array, state: Array) -> Array:
        self.in_step.set()
        self.go_on.wait()
        self.batches.append(len(inputs))
        if self.error is not None:
            raise self.error
        return super().step_on(inputs, state)

    def project(self, h: Array) -> Array:
        if self.project_error is not None:
            raise self.project_error
        return super().project(h)

    def logits(self, p: Array, ids: Array | slice | None = None) -> Array:
        if self.logits_error is not None:
            raise self.logits_error
        return super().logits(p, ids)

    @property
    def tokens_read(self) -> int:
        return sum(self.batches)


def counting(model: LanguageModel) -> tuple[LanguageModel, CountingNetwork]:
    """The model with a counting network, and that network."""
    network = CountingNetwork(model.network)
    return replace(model, network=network), network
