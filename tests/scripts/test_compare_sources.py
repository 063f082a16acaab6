"""What sources are worth to a text: the one that it is from, and those that add nothing."""

import random
from pathlib import Path

import numpy as np
import pytest

from model.text.corpus import load_recipe
from model.train.dataset import prepare
from model.train.words.vocabulary import VocabularyOptions
from scripts.compare_sources import estimates, main

MAIL, CHAT = (
    ["please", "find", "attached", "the", "report", "of", "the", "last", "meeting"],
    ["lol", "that", "is", "so", "funny", "i", "know", "right"],
)


def text(words: list[str], lines: int, seed: int) -> str:
    rng = random.Random(seed)
    return "".join(f"{' '.join(rng.choices(words, k=6))}.\n\n" for _ in range(lines))


def test_the_source_that_a_text_is_from_is_worth_most(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, words, lines, seed in (("mail", MAIL, 300, 1), ("chat", CHAT, 300, 2), ("again", CHAT, 300, 3)):
        (tmp_path / f"{name}.txt").write_text(text(words, lines, seed), "utf-8")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("".join(f'[[source]]\npath = "{name}.txt"\n' for name in ("mail", "chat", "again")), "utf-8")
    held_out = tmp_path / "held-out.txt"
    held_out.write_text(text(MAIL, 100, 4), "utf-8")
    options = VocabularyOptions()
    prepare(load_recipe(recipe), tmp_path / "corpus", options, processes=1, progress=lambda *_: None)
    assert main([str(tmp_path / "corpus"), str(recipe), str(held_out)]) == 0
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows[0][0] == "all" and 1 < float(rows[0][2]) < 15
    worth = {name: (float(weight), float(without.split()[0])) for name, weight, without in rows[1:]}
    assert rows[1][0] == "mail" and worth["mail"][0] > 0.8 and worth["mail"][1] > 50
    assert all(worth[name][0] < 0.2 and abs(worth[name][1]) < 5 for name in ("chat", "again"))


def test_estimates_are_shares_of_what_was_counted() -> None:
    ids = np.array([1, 2, 1, 3, 1, 2])
    pairs = np.array([[1, 2], [1, 3], [2, 3], [3, 9], [9, 1]])
    expected = [(2 / 6, 2 / 3), (1 / 6, 1 / 3), (1 / 6, 0), (0, 0), (3 / 6, 0)]
    for found, right in zip(estimates(ids, pairs, 10).tolist(), expected, strict=True):
        assert found == pytest.approx(right)
