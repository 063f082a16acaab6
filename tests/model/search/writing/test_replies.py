"""Replies: the list that may be given, the search in it, that they differ, and that what fits nothing is not given."""

import itertools
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from model.errors import ModelError
from model.lm.pair_model import REPLIES, PairModel, load_pair_model
from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.search.writing.replies import ReplySearch, load_replies
from model.train.pairs.__main__ import main as train
from model.train.pairs.allowed_replies import as_sentence, choose, main
from scripts import show_replies

# What is asked decides what can be answered; how it is asked says nothing.
ASKED = {
    "Can you come to {}?": ["Yes, what time?", "Yes, gladly.", "Sorry, I can't.", "I'd love to!"],
    "How was {}?": ["It was great.", "Not so good.", "I liked it."],
    "Where is {}?": ["Over there.", "I don't know.", "At home."],
}
THINGS = ["dinner", "the party", "lunch", "the show", "the meeting", "the game", "breakfast", "the concert"]
PAIRS = [
    (question.format(f"{first} and {second}"), reply)
    for question, replies in ASKED.items()
    for first, second in itertools.permutations(THINGS, 2)
    for reply in replies
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned these, and its list of replies."""
    folder = tmp_path_factory.mktemp("replies")
    order = np.random.default_rng(1).permutation(len(PAIRS))
    (folder / "pairs.tsv").write_text("".join("\t".join(PAIRS[i]) + "\n" for i in order), "utf-8")
    arguments = ["--hidden=32", "--embedding=16", "--peak-rate=0.02", "--batch=32", "--epochs=40", "--threads=2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.train.run.plot_learning_curve", lambda folder: None)
        assert train([str(folder / "pairs.tsv"), *arguments, "--out", str(folder / "model")]) == 0
    assert main([str(folder / "model"), str(folder / "pairs.tsv")]) == 0
    return folder / "model"


@pytest.fixture(scope="module")
def search(folder: Path) -> ReplySearch:
    return load_replies(folder, load_pair_model(folder))


@pytest.mark.parametrize("question", ASKED)
@pytest.mark.parametrize("thing", ["dinner and lunch", "the game and the show"])
def test_three_replies_fit_and_differ(question: str, thing: str, search: ReplySearch) -> None:
    found = search.suggest(question.format(thing))
    assert len(found) == 3 and {reply.text for reply in found} <= set(ASKED[question])
    assert sum(reply.text.startswith("Yes") for reply in found) <= 1
    assert all(0 < reply.probability < 1 for reply in found)


def test_probabilities_are_those_of_the_network(search: ReplySearch) -> None:
    message = "Where is lunch and dinner?"
    found = search.suggest(message)
    expected = np.exp(search.model.log_probabilities(message, [reply.text for reply in found]))
    np.testing.assert_allclose([reply.probability for reply in found], expected, rtol=1e-5)


def test_no_more_than_asked_for_and_nothing_where_nothing_fits(search: ReplySearch) -> None:
    message = "Where is lunch and dinner?"
    assert [len(search.suggest(message, limit)) for limit in (0, 1, 2)] == [0, 1, 2]
    # Replies that are likelier after any other message than after this one.
    likelier = ReplySearch(search.model, search.texts, [0.0] * len(search.texts))
    assert likelier.suggest(message) == []


def test_every_message_is_answered_somehow(search: ReplySearch) -> None:
    for message in ("", " ", "?!", "zzyzx " * 50, "\N{PILE OF POO}", "a\tb\nc"):
        assert len(search.suggest(message)) <= 3


def test_what_is_mostly_unknown_gets_no_reply(search: ReplySearch) -> None:
    """Whatever the letters: of words that it does not know the network would think anything."""
    for message in ("asdfgh qwer", "日本語", "שלום מה שלומך?", "Danke schön!", "zzyzx " * 50, "http://zzyzx.example"):
        assert search.suggest(message) == []
    assert search.suggest("Where is lunch and Zzyzx, zzyzx, ZZYZX, zzyzx, zzyzx?") == []
    assert search.suggest("Where is lunch and Zzyzx?")


def test_only_what_anyone_may_say_is_allowed(folder: Path) -> None:
    model: PairModel = load_pair_model(folder)
    given = ["Yes, gladly."] * 5 + ["yes gladly"] * 9 + ["Over there."] * 2 + ["Zzyzx!"] * 9 + ["At 5."] * 9 + ["?"] * 9
    assert choose(model, given, Guard(SHIPPED_LIST), least=3, most=10) == ["Yes, gladly."]
    assert choose(model, given, Guard(SHIPPED_LIST), least=1, most=10) == ["Yes, gladly.", "Over there."]


def test_replies_are_written_as_sentences() -> None:
    assert as_sentence(Counter({"ok": 5, "Ok": 2, "Ok.": 1})) == "Ok."
    assert as_sentence(Counter({"sure thing,": 2})) == "Sure thing."


def test_the_list_has_the_share_of_each_reply(folder: Path) -> None:
    lines = [line.split("\t") for line in (folder / REPLIES).read_text("utf-8").splitlines()]
    assert {text for text, _ in lines} == {reply for replies in ASKED.values() for reply in replies}
    assert sum(math.exp(float(p)) for _, p in lines) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("content", ["", "Yes.\n", "Yes.\t0.5\n", "\t-1\n", "Yes.\tnan\n"])
def test_a_damaged_list_is_refused(content: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / REPLIES).write_text(content, "utf-8")
    with pytest.raises(ModelError, match=REPLIES):
        load_replies(tmp_path, load_pair_model(folder))


def test_a_table_shows_them_unpicked(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "messages.txt").write_text("Where is lunch and dinner?\nHow was lunch and dinner?\n", "utf-8")
    assert show_replies.main([str(folder), str(tmp_path / "messages.txt")]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert len(rows) == 2 and rows[0].startswith("| Where is lunch and dinner? | ") and "At home." in rows[0]
    assert len(show_replies.MESSAGES.read_text("utf-8").splitlines()) == 30
