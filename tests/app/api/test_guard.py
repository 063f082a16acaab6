"""No answer goes around the guard: whatever generates a word, a guarded one that was not typed is never offered."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from app.main import create_app
from app.settings import Settings
from model.lm.storage import save_model, save_spelling
from model.lm.words.known_words import KNOWN_WORDS, KnownWords
from model.text.tokens import fold
from tests.app.api.test_suggestions import ask
from tests.model.search.bench import CHANCES
from tests.model.tiny_model import model_of, spelling_of, unhurried

# What is asked, and the guarded word that would be offered there, by what generates it.
WAYS = {
    "next words": ("/next-word", "from the", "tomorrow"),
    "next words at the start of a text": ("/next-word", "", "Tomorrow"),
    "next words after a space": ("/complete", "from the ", "tomorrow"),
    "literal completions": ("/complete", "the tomo", "tomorrow"),
    "completions in capitals": ("/complete", "THE TOMO", "TOMORROW"),
    "completions without accents": ("/complete", "the ca", "café"),
    "corrections while typing": ("/complete", "the tomorow", "tomorrow"),
    "letters that changed places": ("/complete", "from ht", "then"),
    "rare words": ("/complete", "the ther", "thermal"),
    "rare words with a capital": ("/complete", "the Kube", "Kubernetes"),
    "rare words with a hyphen": ("/complete", "the geo-th", "geo-thermal"),
    "corrections to rare words": ("/complete", "the kubernetse", "Kubernetes"),
    "the person's own words": ("/complete", "Hi Kaminski, hello Kam", "Kaminski"),
    "units": ("/complete", "at 8 or 8p", "pm"),
    "ordinals": ("/complete", "the 4t", "th"),
    "corrections": ("/correct", "the tomorow", "tomorrow"),
    "corrections in capitals": ("/correct", "TOMOROW", "TOMORROW"),
    "missed spaces": ("/correct", "the doinghere", "doing here"),
    "stray spaces": ("/correct", "the to gether", "together"),
    "corrections of a whole text": ("/correct", "the tomorow from", "tomorrow"),
}
GUARDED = "tomorrow\ncafé\nthen\nthermal\nKubernetes\nKaminski\npm\nth\nhere\ntogether\n"
# All that begins with any letter.
EVERYTHING = "".join(f"{letter}*\n" for letter in "abcdefghijklmnopqrstuvwxyz")
Clients = dict[str, TestClient]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """The same model, asked with no list, with the words above, and with all that begins with a letter."""
    folder = tmp_path_factory.mktemp("guarded")
    model = model_of(CHANCES)
    save_model(folder, model.vocabulary, model.network, {})
    lexicon = spelling_of(["geo-thermal", "Kubernetes", "thermal"], [-2.0, -2.0, -2.0])
    save_spelling(folder, lexicon, {})
    KnownWords.of(CHANCES, size=1000).save(folder / KNOWN_WORDS)
    with ExitStack() as stack:
        made = {}
        for name, words in (("none", None), ("words", GUARDED), ("everything", EVERYTHING)):
            path: Path | None = None
            if words is not None:
                path = folder / f"guarded-{name}.txt"
                path.write_text(words, "utf-8")
            app = create_app(Settings(models={"tiny": folder}, offensive_words=path))
            made[name] = stack.enter_context(TestClient(app))
        yield made


def offered(client: TestClient, endpoint: str, text: str) -> list[dict[str, Any]]:
    """All that an endpoint offers for a text; of a correction all words of the text are asked for too."""
    found: list[dict[str, Any]] = ask(client, endpoint, text=text, limit=50)["suggestions"]
    if endpoint == "/correct":
        for answer in ask(client, endpoint, text=text, limit=50, all=True)["corrections"]:
            found += answer["suggestions"]
    return found


@pytest.mark.parametrize(("endpoint", "text", "word"), WAYS.values(), ids=WAYS)
def test_a_guarded_word_is_not_offered_whatever_generates_it(
    endpoint: str, text: str, word: str, clients: Clients
) -> None:
    assert word in [one["text"] for one in offered(clients["none"], endpoint, text)]
    for name in ("words", "everything"):
        assert word not in [one["text"] for one in offered(clients[name], endpoint, text)]


def unasked(found: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    """Suggestions of which the letters typed are not most of a beginning; corrections all."""
    letters = fold(prefix)
    return [
        one
        for one in found
        if one["kind"] != "typed"
        and (
            one["kind"] != "completion"
            or not fold(one["text"]).startswith(letters)
            or 4 * len(letters) < 3 * len(fold(one["text"]))
        )
    ]


@unhurried
@given(
    st.lists(st.sampled_from([*CHANCES, "Kaminski", "tomorow", "teh", "12", "8", "."]), max_size=5).map(" ".join),
    st.sampled_from(["", " ", ". ", "\n"]),
    st.sampled_from([*CHANCES, "Kubernetes", "thermal", "kubernetse", "tomorow", "recieved", "ht", "3r", "doinghere"])
    | st.text("thermalKub'é-3 ", max_size=8),
    st.integers(0, 10),
    st.sampled_from(["/complete", "/next-word", "/correct"]),
)
def test_where_all_words_are_guarded_nothing_is_offered_unasked(
    clients: Clients, before: str, space: str, word: str, letters: int, endpoint: str
) -> None:
    text = before + space + word[:letters]
    answer = ask(clients["everything"], endpoint, text=text, limit=50)
    assert unasked(answer["suggestions"], answer["prefix"]) == []
    if endpoint == "/correct":
        for one in ask(clients["everything"], endpoint, text=text, limit=50, all=True)["corrections"]:
            assert unasked(one["suggestions"], one["prefix"]) == []


def test_a_word_that_must_not_follow_is_not_offered_there(clients: Clients, tmp_path: Path) -> None:
    path = tmp_path / "cruel.txt"
    path.write_text("from the, here: tomorrow, message\n", "utf-8")
    folder = tmp_path / "model"
    model = model_of(CHANCES)
    save_model(folder, model.vocabulary, model.network, {})
    with TestClient(create_app(Settings(models={"tiny": folder}, offensive_words=path))) as client:
        for text in ("from the ", "here ", "FROM THE ", "from teh ", "from the tomo", "from the tomorow", "here mes"):
            words = [one["text"].casefold() for one in offered(client, "/complete", text)]
            assert not {"tomorrow", "message"} & set(words), text
        assert not [one for one in offered(client, "/correct", "from the tomorow") if one["text"] == "tomorrow"]
        for text in ("the ", "from this the ", "from the tomorro", "here messag"):
            words = [one["text"] for one in offered(client, "/complete", text)]
            assert {"tomorrow", "message"} & set(words), text
