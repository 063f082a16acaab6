"""The command that makes a filter of known words."""

from pathlib import Path

import pytest

from model.lm.language_model import LanguageModel
from model.lm.storage import load_model, save_model
from model.lm.words.known_words import KNOWN_WORDS
from model.train.words import known as known_words
from tests.model.tiny_model import random_model

LIST = (
    "egret\tword\nrook\n\nNaoki\tname\nSumit\tname-weak\nsont\tforeign-weak\nhola\tforeign\nbrb\tshorthand\n"
    "ty\tshorthand\nthx\tshorthand-weak\nfez\tword\nque\tforeign\n  yurt \t word\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a tiny model, and a list in it."""
    model: LanguageModel = random_model()
    path = tmp_path / "model"
    save_model(path, model.vocabulary, model.network, {})
    (path / "list.tsv").write_text("\ufeff" + LIST, "utf-8")
    return path


def test_the_command_writes_a_filter_that_the_model_loads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert known_words.main([str(folder), str(folder / "list.tsv"), "--bytes", "1000"]) == 0
    assert capsys.readouterr().out.startswith("known: ")
    assert (folder / KNOWN_WORDS).stat().st_size == 1000
    known = load_model(folder).known
    assert all(word in known for word in ("egret", "Rook", "hola", "fez", "yurt", "egret's"))
    # Names, weak forms and short ones that are no sure words are none for that alone.
    assert not any(word in known for word in ("Naoki", "Sumit", "sont", "brb", "que", "thx"))
    assert known.is_name("Naoki") and known.is_name("Sumit") and not known.is_name("egret")
    assert known.is_weak("sont") and known.is_weak("Sumit") and not known.is_weak("hola")
    assert all(map(known.is_shorthand, ("brb", "ty", "thx"))) and not known.is_weak("thx")


def test_several_lists_are_taken_together(folder: Path) -> None:
    (folder / "more.tsv").write_text("heron\tword\n", "utf-8")
    lists = [str(folder / "list.tsv"), str(folder / "more.tsv")]
    assert known_words.main([str(folder), *lists, "--bytes", "1000"]) == 0
    known = load_model(folder).known
    assert "heron" in known and "egret" in known


@pytest.mark.parametrize(
    ("model", "lists", "options", "named"),
    [
        (".", ["none.tsv"], [], "none.tsv"),
        (".", ["list.tsv", "latin1.tsv"], [], "latin1.tsv"),
        ("nowhere", ["list.tsv"], [], "nowhere"),
        (".", ["list.tsv"], ["--bytes", "0"], "--bytes 0"),
        (".", ["list.tsv"], ["--bytes", "2000001"], "--bytes 2000001"),
    ],
)
def test_bad_input_ends_with_one_line(
    model: str, lists: list[str], options: list[str], named: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "latin1.tsv").write_bytes("café\tword\n".encode("latin-1"))
    assert known_words.main([str(folder / model), *(str(folder / name) for name in lists), *options]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1
    assert named in printed.err
    assert not (folder / KNOWN_WORDS).exists()
