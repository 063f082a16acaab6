"""The peers of the comparison: each answers as its own system would, by the simulated typing's interface."""

import json
from pathlib import Path

import httpx
import pytest

from benchmarks.peers.completion_server import CompletionServer
from benchmarks.peers.frequency import Frequency
from benchmarks.peers.kneser_ney import KneserNey
from benchmarks.peers.presage import Presage
from benchmarks.peers.words import Words
from model.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary.from_counts({".": 5}, {"the": 50, "then": 9, "Then": 3, "dog": 20, "eats": 8, "meat": 7}, {})

# What a model of pieces of words gives behind each text: log probabilities of the pieces.
PIECES = {
    "the dog": {" e": -0.5, " me": -1.5, ".": -2.0},
    "the dog e": {"ats": -0.1, "at": -3.0},
    "the dog me": {"at": -0.2},
    "the dog eats": {" meat": -0.3, ".": -1.6},
    "the dog eat": {".": -0.2},
    "the dog meat": {"!": -0.1},
}


def texts(offers: object) -> list[str]:
    return [offer.text for offer in offers]  # type: ignore[attr-defined]


def answer(request: httpx.Request) -> httpx.Response:
    prompt = json.loads(request.content)["prompt"]
    return httpx.Response(200, json={"choices": [{"logprobs": {"top_logprobs": [PIECES.get(prompt, {})]}}]})


def test_a_server_of_pieces_gives_words() -> None:
    server = CompletionServer("http://there/", client=httpx.Client(transport=httpx.MockTransport(answer)))
    offers = server.suggest("the dog ", 0)
    assert texts(offers) == ["eats", "meat", "eat"]
    # e, ats, and what may stand behind it.
    assert offers[0].probability == pytest.approx(2.718281828 ** (-0.6 - 0.3) + 2.718281828 ** (-0.6 - 1.6))
    assert texts(server.suggest("the dog m", 1)) == ["meat"]
    assert texts(server.suggest("the dog x", 1)) == []


def test_the_commonest_words_with_the_letters() -> None:
    frequency = Frequency(Words(VOCABULARY))
    assert texts(frequency.suggest("a dog ", 0)) == ["the", "dog", "then", "eats", "meat"]
    assert texts(frequency.suggest("a TH", 2)) == ["the", "then"]


def test_presage_suggests_english_words() -> None:
    try:
        presage = Presage()
    except OSError as error:
        pytest.skip(f"Presage is not installed (Debian's libpresage1v5): {error}")
    for _ in range(2):
        assert texts(presage.suggest("How are y", 1))[0] == "you"
    assert all(word.startswith("app") for word in texts(presage.suggest("I want an app", 3)))


def test_kneser_ney_scores_every_word_with_the_letters(tmp_path: Path) -> None:
    pytest.importorskip("kenlm", reason="KenLM is not installed (the extra `compare`)")
    arpa = tmp_path / "tiny.arpa"
    arpa.write_text(
        "\\data\\\nngram 1=7\nngram 2=3\n\n\\1-grams:\n-9\t<unk>\n-9\t<s>\t-0.3\n-2\t</s>\n-1\tthe\t-0.2\n"
        "-1.5\tdog\t-0.4\n-2\teats\n-2.2\tmeat\n\n"
        "\\2-grams:\n-0.2\tthe dog\n-0.1\tdog eats\n-0.5\t<s> the\n\n\\end\\\n",
        "utf-8",
    )
    peer = KneserNey(arpa, VOCABULARY)
    offers = peer.suggest("the dog ", 0)
    assert texts(offers)[0] == "eats"
    assert offers[0].probability == pytest.approx(10**-0.1, rel=1e-3)
    assert texts(peer.suggest("", 0))[0] == "the"
    assert texts(peer.suggest("the dog m", 1)) == ["meat"]
