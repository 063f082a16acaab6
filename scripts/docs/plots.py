"""The pictures of ``docs/how-it-works.md``: ``python -m scripts.docs.plots [FOLDER]``.

``gradients.png``: how much of the gradient of one loss is left some time steps before it.
``units.png``: what some hidden units of the shipped model hold while it reads a sentence.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import model
from model.arrays import FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.nn.cells import Workspace
from model.nn.network import Network, NetworkConfig, initial_weights
from model.nn.softmax import full_softmax
from model.plots import plot
from model.text.tokens import TEXT_START, tokens
from model.train.dataset import lanes

SHIPPED = Path(model.__file__).parent / "en"
DOCS = Path(__file__).parent.parent.parent / "docs"
# T time steps in each of B sequences of docs/sentences.txt.
STEPS, SEQUENCES = 50, 5
# The factor that makes W_hidden of a new simple network amplify what it carries.
LARGER = 3.0
UNITS_A_PROPERTY = 2
DPI = 100
# Of the curves these points are printed.
MARKS = (0, 5, 10, 20, 40)

# Units are chosen by the first sentences, and shown on the last one.
SENTENCES = (
    'He said "I will call you tomorrow" and closed the door.',
    'She asked "where is my book" and nobody knew.',
    'The sign said "please do not smoke here" in red letters.',
    'My boss wrote "thanks for the report" in the mail.',
    'They shouted "we won the game" all night.',
    "The flat (two rooms and a small kitchen) is near the station.",
    "My brother (the one who lives in Spain) called today.",
    "The price (with tax) is on the second page.",
    "Our dog (a very old one) sleeps all day.",
    "I think the weather will be better next week.",
    "The dog eats the food that my sister bought at the store.",
)
SHOWN = 'My aunt (she lives by the sea) wrote "come and see me soon" on the back.'


class Reading(NamedTuple):
    """The n tokens of a text, and what each of the H hidden units holds after each, (n, H)."""

    forms: list[str]
    held: FloatArray


class Unit(NamedTuple):
    """A hidden unit, the property it goes with, and how closely: the correlation over the sentences."""

    number: int
    property: str
    correlation: float


def gradient_norms(network: Network, ids: IntArray, target: IntArray) -> FloatArray:
    """‖∂L_T/∂h_t‖ for t = 1 … T over ‖∂L_T/∂h_T‖, of each sequence: ids (T, B), target (B,) → (T, B).

    For the simple network and the LSTM, whose h_{t-1} acts on the loss through Z_t = … + h_{t-1} W_hidden alone.
    """
    work = Workspace(np, network.weights["W_hidden"].dtype)
    w = network.parameters
    X = network.weights["embedding"][ids]
    h, _ = network.cell.forward(w, X, network.zero_state(ids.shape[1]), work)
    rows, bias, projection = (network.weights[name] for name in ("embedding", "bias", "projection"))
    dh = np.zeros_like(h)
    dh[-1] = full_softmax(np, network.project(h[-1]), target, rows, bias, 1.0).dp @ projection.T
    network.cell.backward(w, X, dh, work)
    # The backward pass leaves the gradients of Z in its workspace.
    dZ = work.array("dZ", *ids.shape, w.W_hidden.shape[1])
    dh[:-1] = dZ[1:] @ w.W_hidden.T
    norms = np.linalg.norm(dh, axis=2)
    relative: FloatArray = norms / norms[-1]
    return relative


def networks(shipped: LanguageModel) -> dict[str, Network]:
    """A new simple network, one that amplifies, a new LSTM, and the shipped one if it is an LSTM."""

    def fresh(cell: str) -> Network:
        config = shipped.network.config
        config = NetworkConfig(cell, config.vocabulary, config.embedding, config.hidden)
        return Network(config, initial_weights(config, shipped.vocabulary.log_unigrams(), seed=1))

    large = fresh("rnn")
    large.weights["W_hidden"] *= LARGER
    found = {"rnn, new": fresh("rnn"), f"rnn, new, W_hidden × {LARGER:g}": large, "lstm, new": fresh("lstm")}
    return found | ({"lstm, trained (model/en)": shipped.network} if shipped.network.config.cell == "lstm" else {})


def plot_gradients(shipped: LanguageModel, path: Path) -> dict[str, FloatArray]:
    """Draw the mean norms over T - t; returns them, (T,) each, the latest time step first."""
    text = (DOCS / "sentences.txt").read_text("utf-8")
    ids = np.array(shipped.vocabulary.encode([TEXT_START, *(token.form for token in tokens(text))]))
    inputs, targets = next(lanes(ids, SEQUENCES, STEPS, 0))
    curves = {}
    with plot(path, 7, 4, dpi=DPI) as axes:
        for name, network in networks(shipped).items():
            # The geometric mean: norms differ by powers of ten.
            curves[name] = np.exp(np.log(gradient_norms(network, inputs, targets[-1])).mean(axis=1))[::-1]
            axes.plot(np.arange(STEPS), curves[name], label=name)
        axes.set(xlabel="time steps before the loss, T - t", ylabel="‖∂L_T/∂h_t‖ / ‖∂L_T/∂h_T‖", yscale="log")
        axes.legend()
    return curves


def read(shipped: LanguageModel, text: str) -> Reading:
    """Run the network over a text; an LSTM's memory is shown as tanh(c), the others hold their output."""
    network, vocabulary = shipped.network, shipped.vocabulary
    forms = [TEXT_START, *(token.form for token in tokens(text))]
    state = network.zero_state(1)
    held = []
    for id_ in vocabulary.encode(forms):
        state = network.step(np.array([id_]), state)
        output, memory = state[0, : network.config.hidden], state[0, network.config.hidden :]
        held.append(np.tanh(memory) if network.config.cell == "lstm" else output)
    return Reading(forms, np.array(held))


def inside(opening: str, closing: str, forms: Sequence[str]) -> FloatArray:
    """1 for the tokens (n,) from an opening mark up to its closing one, else 0."""
    within, found = False, []
    for form in forms:
        within ^= form == (closing if within else opening)
        found.append(within)
    return np.array(found, dtype=np.float64)


PROPERTIES: dict[str, Callable[[Sequence[str]], FloatArray]] = {
    "in brackets": lambda forms: inside("(", ")", forms),
    "in quotes": lambda forms: inside('"', '"', forms),
    "words read": lambda forms: np.arange(len(forms), dtype=np.float64),
}


def choose_units(readings: Sequence[Reading]) -> list[Unit]:
    """For each property the units that go with it most closely over the readings."""
    held = np.concatenate([reading.held for reading in readings])
    chosen = []
    for name, property_of in PROPERTIES.items():
        wanted = np.concatenate([property_of(reading.forms) for reading in readings])
        correlations = np.corrcoef(held.T, wanted)[-1, :-1]
        for number in np.argsort(-np.abs(correlations))[:UNITS_A_PROPERTY].tolist():
            chosen.append(Unit(number, name, float(correlations[number])))
    return chosen


def plot_units(shipped: LanguageModel, path: Path) -> list[Unit]:
    """Draw a heat map of some units over a sentence that they were not chosen by; returns the units."""
    units = choose_units([read(shipped, sentence) for sentence in SENTENCES])
    shown = read(shipped, SHOWN)
    held = shown.held[:, [unit.number for unit in units]].T
    with plot(path, 9, 3, dpi=DPI) as axes:
        image = axes.imshow(held, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
        axes.set_xticks(range(len(shown.forms)), shown.forms, rotation=60, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(units)), [f"{unit.property}: unit {unit.number}" for unit in units])
        axes.figure.colorbar(image, label="tanh(c)" if shipped.network.config.cell == "lstm" else "h")
    return units


def main() -> None:
    """Draw both, and print the figures behind them."""
    parser = argparse.ArgumentParser(prog="python -m scripts.docs.plots", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DOCS / "images")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    shipped = load_model(SHIPPED)
    print("| T - t | " + " | ".join(map(str, MARKS)) + " |\n|---" + "|---" * len(MARKS) + "|")
    for name, curve in plot_gradients(shipped, folder / "gradients.png").items():
        print(f"| {name} | " + " | ".join(f"{curve[mark]:.1e}" for mark in MARKS) + " |")
    print()
    for unit in plot_units(shipped, folder / "units.png"):
        print(f"{unit.property}: unit {unit.number}, correlation {unit.correlation:.2f}")


if __name__ == "__main__":
    main()
