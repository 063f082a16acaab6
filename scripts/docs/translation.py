"""Train a network that translates, with and without attention: ``python -m scripts.docs.translation PAIRS --out DIR``.

PAIRS has a sentence, a tab and its translation a line; what stands behind a second tab is not read. Of the shortest
pairs some are held out, none of their sentences is trained on. Their translations are written to ``DIR``, those of the
file to ``held-out.reference``, for sacrebleu to compare. What was trained in ``DIR`` before is not trained again.
"""

import argparse
import random
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from model.lm.pair_model import load_pair_model
from model.text.corpus import raw_lines
from model.text.pairs import TextPair, load_pairs
from model.text.tokens import straight
from model.train.pairs.__main__ import main as train

OPTIONS = ["--epochs=5", "--batch=32", "--negatives=512", "--full-from=0.8", "--peak-rate=3e-3", "--threads=2"]
FOLDERS = {"attention": [], "plain": ["--no-attention"]}


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m scripts.docs.translation", description=__doc__.splitlines()[0])
    p.add_argument("pairs", type=Path, help="sentences and their translations, which may be compressed")
    p.add_argument("--out", type=Path, required=True, help="folder for the pairs, the networks and the translations")
    p.add_argument("--shortest", type=int, default=20_000, help="pairs that are used, the shortest")
    p.add_argument("--held-out", type=int, default=500, help="sentences of them that are held out")
    options, more = p.parse_known_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    known, held = parted(options.pairs, options.shortest, options.held_out)
    files = {options.out / "pairs.tsv": known, options.out / "held-out.tsv": held}
    for path, pairs in files.items():
        path.write_text("".join(f"{one}\t{other}\n" for one, other in pairs), "utf-8")
    (options.out / "held-out.reference").write_text("".join(f"{other}\n" for _, other in held), "utf-8")
    for name, own in FOLDERS.items():
        folder = options.out / name
        if not (folder / "config.json").exists():
            given = [str(path) for path in files]
            status = train([given[0], "--validation", given[1], *OPTIONS, *own, *more, "--out", str(folder)])
            if status:
                return status
        translate(folder, options.out / "held-out.tsv", options.out / f"held-out.{name}")
    return 0


def parted(path: Path, shortest: int, count: int) -> tuple[list[TextPair], list[TextPair]]:
    """The shortest pairs of a file, without those of ``count`` sentences, and one pair of each of these."""
    lines = (straight(line).rstrip("\n").split("\t") for line in raw_lines(path))
    pairs = sorted(((line[0], line[1]) for line in lines), key=lambda pair: len(pair[0]))[:shortest]
    sentences = sorted({one for one, _ in pairs})
    chosen = dict.fromkeys(random.Random(1).sample(sentences, count))
    known = [pair for pair in pairs if pair[0] not in chosen]
    first = dict(reversed(pairs))
    return known, [(one, first[one]) for one in chosen]


def translate(folder: Path, held: Path, out: Path) -> None:
    """Write what a network makes of each sentence, its words and marks apart."""
    model = load_pair_model(folder)
    with threadpool_limits(1):
        out.write_text("".join(" ".join(model.answer(sentence)) + "\n" for sentence, _ in load_pairs(held)), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
