"""The worked numbers of ``docs/how-it-works.md``: ``python -m scripts.docs.worked_example`` prints its tables.

Everything is computed by the code that trains and serves, in float64 and from fixed seeds.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from model.arrays import Arrays, FloatArray
from model.nn.cells import CELLS, Parameters, Workspace
from model.nn.network import NetworkConfig
from model.nn.optimiser import Adam, clip_factor
from model.nn.perplexity import perplexity
from model.nn.softmax import Negatives, NegativeSampler, cross_entropy, full_softmax, sampled_softmax

WORD = "apple"
LETTERS = "aelp"
HIDDEN = 3
STEPS, RATE, LARGEST_NORM = 300, 0.05, 1.0

# The toy of the sampled softmax: tokens with P in proportion to 1 / rank, and K negatives.
TOKENS, NEGATIVES = 20, 64
TOY_STEPS, TOY_TARGETS, TOY_RATE = 1500, 256, 0.02


class Pass(NamedTuple):
    """One forward and backward pass over the word: what stands at each time step, and the gradients."""

    h: FloatArray
    y: FloatArray
    losses: FloatArray
    gradients: Arrays


def new_weights() -> Arrays:
    """Three matrices and two biases, drawn at random: W_in (V, H), W_hidden (H, H), W_out (V, H)."""
    rng = np.random.default_rng(1)
    V, H = len(LETTERS), HIDDEN
    shapes = {"W_in": (V, H), "W_hidden": (H, H), "b": (H,), "W_out": (V, H), "bias": (V,)}
    return {name: rng.uniform(-0.5, 0.5, shape) for name, shape in shapes.items()}


def learn_from(w: Arrays) -> Pass:
    """Read a, p, p, l and expect p, p, l, e: the mean loss over the time steps, and its gradients."""
    ids = np.array([LETTERS.index(letter) for letter in WORD])
    inputs, targets = ids[:-1], ids[1:]
    cell, work = CELLS["rnn"], Workspace(np, np.float64)
    # No projection here: the output rows multiply h itself.
    parameters = Parameters(w["W_in"], w["W_hidden"], w["b"], np.eye(HIDDEN))
    X = np.eye(len(LETTERS))[inputs][:, None]
    h, _ = cell.forward(parameters, X, np.zeros((1, HIDDEN)), work)
    rows = h[:, 0]
    output = full_softmax(np, rows, targets, w["W_out"], w["bias"], 1 / len(targets))
    _, _, gradients = cell.backward(parameters, X, output.dp[:, None], work)
    losses, difference = cross_entropy(np, rows @ w["W_out"].T + w["bias"], targets)
    y = difference + np.eye(len(LETTERS))[targets]
    found = gradients | {"W_out": output.rows[0].values, "bias": output.bias[0].values}
    return Pass(rows.copy(), y, losses, found)


def trained_weights() -> Arrays:
    """The weights after some steps of Adam with clipped gradients."""
    weights = new_weights()
    adam = Adam(np, weights)
    for _ in range(STEPS):
        gradients = learn_from(weights).gradients
        _, factor = clip_factor(np, gradients.values(), LARGEST_NORM)
        adam.begin_step()
        for name, gradient in gradients.items():
            adam.update(name, gradient * factor, RATE)
    return weights


def letters_table() -> str:
    """Format the inputs, the targets, and the outputs before and after training."""
    before, after = learn_from(new_weights()), learn_from(trained_weights())
    lines = [
        f"| t | read | as one-hot x_t ({', '.join(LETTERS)}) | expected | P(expected), new | P(expected), trained |",
        "|---|---|---|---|---|---|",
    ]
    for t, (letter, wanted) in enumerate(pairwise(WORD)):
        one_hot = " ".join(str(int(letter == other)) for other in LETTERS)
        place = LETTERS.index(wanted)
        lines.append(
            f"| {t + 1} | {letter} | {one_hot} | {wanted} | {before.y[t, place]:.3f} | {after.y[t, place]:.3f} |"
        )
    means = [f"{losses.mean():.3f} | {perplexity(losses):.3f}" for losses in (before.losses, after.losses)]
    lines += [
        "",
        "| | mean loss, nats | perplexity |",
        "|---|---|---|",
        f"| new | {means[0]} |",
        f"| trained | {means[1]} |",
    ]
    return "\n".join(lines)


def states_table() -> str:
    """The hidden state after each letter: after the two p it differs."""
    after = learn_from(trained_weights())
    lines = ["| after | h_t, trained |", "|---|---|"]
    for t in range(len(WORD) - 1):
        lines.append(f"| {WORD[: t + 1]} | {' '.join(f'{value:+.2f}' for value in after.h[t])} |")
    return "\n".join(lines)


def gradient_table(small: float = 1e-6) -> str:
    """Some gradients of the new network by back-propagation through time, and by finite differences."""
    weights = new_weights()
    found = learn_from(weights).gradients
    lines = ["| weight | back-propagation | finite difference |", "|---|---|---|"]
    for name in ("W_in", "W_hidden", "W_out"):
        place = 0, 0
        losses = []
        for move in (small, -small):
            moved = {other: value.copy() for other, value in weights.items()}
            moved[name][place] += move
            losses.append(learn_from(moved).losses.mean())
        difference = (losses[0] - losses[1]) / (2 * small)
        lines.append(f"| {name}[0, 0] | {found[name][place]:+.6f} | {difference:+.6f} |")
    return "\n".join(lines)


def toy_distribution() -> FloatArray:
    """P in proportion to 1 / rank."""
    shares = 1 / np.arange(1, TOKENS + 1)
    p: FloatArray = shares / shares.sum()
    return p


def learn_toy(lower_target: bool) -> FloatArray:
    """The distribution that a sampled softmax learns where nothing but the output bias can be learned.

    With ``lower_target`` the target's logit is lowered as those of the negatives are: the bias is handed over
    lowered already.
    """
    rng = np.random.default_rng(1)
    p = toy_distribution()
    sampler = NegativeSampler(np, 1e6 * p, NEGATIVES)
    weights = {"bias": np.zeros(TOKENS)}
    adam = Adam(np, weights)
    nothing = np.zeros((TOY_TARGETS, 1)), np.zeros((TOKENS, 1))
    total = np.zeros(TOKENS)
    for step in range(TOY_STEPS):
        targets = rng.choice(TOKENS, TOY_TARGETS, p=p)
        negatives = sampler.draw(rng)
        bias = weights["bias"]
        if lower_target:
            bias = bias - negatives.log_expected
            negatives = Negatives(negatives.ids, np.zeros(TOKENS))
        output = sampled_softmax(np, nothing[0], targets, nothing[1], bias, negatives, 1 / TOY_TARGETS)
        gradient = np.zeros(TOKENS)
        for part in output.bias:
            np.add.at(gradient, part.ids, part.values)
        adam.begin_step()
        adam.update("bias", gradient, TOY_RATE)
        # The mean of the second half: single steps are noisy.
        total += weights["bias"] if step >= TOY_STEPS // 2 else 0
    y = np.exp(total / (TOY_STEPS - TOY_STEPS // 2))
    learned: FloatArray = y / y.sum()
    return learned


def sampled_table() -> str:
    """Format the distributions learned with the target's logit as it is, and lowered."""
    p, right, wrong = toy_distribution(), learn_toy(False), learn_toy(True)
    lines = ["| rank | P | learned | learned, target lowered |", "|---|---|---|---|"]
    lines += [f"| {i + 1} | {p[i]:.3f} | {right[i]:.3f} | {wrong[i]:.3f} |" for i in (0, 1, 4, TOKENS - 1)]
    return "\n".join(lines)


def sizes_table(V: int = 32_000, E: int = 256, H: int = 512) -> str:
    """The number of weights of each cell's network, and of one whose output layer is not the embedding."""
    lines = ["| cell | cell's weights | embedding, also the output | all | with V·H output weights of its own |"]
    lines.append("|---|---|---|---|---|")
    for name in CELLS:
        sizes = {part: int(np.prod(shape)) for part, shape in NetworkConfig(name, V, E, H).shapes().items()}
        projects = CELLS[name].projects
        own = sizes["W_in"] + sizes["W_hidden"] + sizes["b"] + (sizes["projection"] if projects else 0)
        untied = V * E + own + V * (E if projects else H) + V
        lines.append(f"| {name} | {own:,} | {sizes['embedding']:,} | {sum(sizes.values()):,} | {untied:,} |")
    return "\n".join(lines)


TABLES = {
    "apple": letters_table,
    "states": states_table,
    "gradients": gradient_table,
    "sampled softmax": sampled_table,
    "sizes": sizes_table,
}


def main() -> None:
    """Print all tables."""
    for name, table in TABLES.items():
        print(f"{name}\n\n{table()}\n")


if __name__ == "__main__":
    main()
