"""The progress of a training run: its bar, its log, and the plot of its learning curve."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn, Self

from tqdm import tqdm

from model.plots import plot
from model.train.trainer import Step, Trainer

# Steps that a line of the log averages over.
LOG_EVERY = 50


class LossLog:
    """A JSON-lines log; on resume, lines of steps after the checkpoint are dropped."""

    def __init__(self, path: Path, step: int) -> None:
        kept = [line for line in load_log(path) if line["step"] <= step]
        path.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")
        self._file = path.open("a", encoding="utf-8")
        self._sum, self._steps = 0.0, 0
        self._tokens, self._seconds = 0, 0.0
        self.loss = kept[-1].get("loss", float("nan")) if kept else float("nan")

    def add(self, trainer: Trainer, step: Step) -> None:
        """Add a step to the running mean; write a line every ``LOG_EVERY`` steps."""
        self._sum += step.loss
        self._steps += 1
        if trainer.adam.steps % LOG_EVERY and not math.isnan(self.loss):
            return
        self.loss = self._sum / self._steps
        seconds = trainer.seconds - self._seconds
        self.write(
            {
                "step": trainer.adam.steps,
                "tokens": trainer.tokens,
                "seconds": round(trainer.seconds, 1),
                "loss": round(self.loss, 4),
                "rate": round(step.rate, 7),
                "gradient_norm": round(step.norm, 4),
                "tokens_per_second": round((trainer.tokens - self._tokens) / seconds) if self._tokens else None,
            }
        )
        self._sum, self._steps = 0.0, 0
        self._tokens, self._seconds = trainer.tokens, trainer.seconds

    def write(self, line: dict[str, Any]) -> None:
        """Append a line."""
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def load_log(path: Path) -> list[dict[str, Any]]:
    """Load the lines of a log; none where there is no log yet."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    # A crash can leave the last one half written.
    return [json.loads(line) for line in lines if line.endswith("\n")]


class ProgressBar:
    """A bar with the share of the budget that is used, tokens/s, loss and time left."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._begun = trainer.tokens, trainer.seconds
        self._bar = tqdm(total=100.0, initial=100 * trainer.progress, bar_format="{percentage:5.1f}% |{bar}| {desc}")

    def show(self, loss: float) -> None:
        """Move the bar to where the trainer stands."""
        trainer, bar = self._trainer, self._bar
        tokens, seconds = trainer.tokens - self._begun[0], trainer.seconds - self._begun[1]
        speed = tokens / max(seconds, 1e-9)
        left = trainer.seconds * (1 - trainer.progress) / max(trainer.progress, 1e-9)
        bar.desc = (
            f"{tqdm.format_sizeof(trainer.tokens)} tokens, {speed:,.0f} tokens/s, loss {loss:.3f}, "
            f"{tqdm.format_interval(left)} left"
        )
        bar.update(100 * trainer.progress - bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    @staticmethod
    @contextmanager
    def counting() -> Iterator[Callable[[str, int], None]]:
        """Show a counter for each stage of the preparation, whose length is not known beforehand."""
        with ExitStack() as shown:
            counter: tqdm[NoReturn] | None = None

            def show(stage: str, done: int) -> None:
                nonlocal counter
                if counter is None or counter.desc != stage:
                    shown.close()
                    counter = shown.enter_context(tqdm(desc=stage, unit="", unit_scale=True))
                counter.update(done)

            yield show


def plot_learning_curve(folder: Path) -> None:
    """Draw ``learning-curve.png``: training loss and validation perplexity over tokens."""
    lines = load_log(folder / "log.jsonl")

    def curve(figure: str) -> list[tuple[float, float]]:
        return [(line["tokens"] / 1e6, line[figure]) for line in lines if figure in line]

    training, validation = curve("loss"), curve("validation_perplexity")
    with plot(folder / "learning-curve.png", 8, 4.5) as left:
        right = left.twinx()
        if training:
            left.plot(*zip(*training, strict=True), color="tab:blue", linewidth=1)
        if validation:
            right.plot(*zip(*validation, strict=True), color="tab:orange", marker="o", markersize=3)
            right.set_yscale("log")
        left.set(xlabel="million tokens", ylabel="training loss (nats)")
        right.set_ylabel("validation perplexity")
