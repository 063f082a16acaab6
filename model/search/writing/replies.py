"""Replies to a message: the likeliest of a list of allowed ones, several that differ in what they say.

As in Smart Reply (Kannan et al. 2016) the network judges a list of replies that anyone could be offered. What would
answer anything is held back by how often it is given at all (Li et al. 2016): the gain of a reply is
ln P(reply | message) − λ ln P(reply). Where the occasion is clear (an invitation, thanks), the replies are those
written for it, of each group that says the same the best; else those that a beam search in the trie of all finds.
A word of death or sorrow makes its occasion clear, and then nothing else is given.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from model.errors import ModelError
from model.files import loading
from model.lm.pair_model import EVERYDAY, REPLIES, PairModel, names_in
from model.nn.encoder_decoder import Encoded
from model.search.writing.occasions import Guess, OccasionClassifier
from model.text.encoding import encode_sequence
from model.text.everyday import Occasion, load_occasions
from model.text.pairs import message_end, words
from model.text.tokens import LINE_END, TEXT_START, UNKNOWN

# λ; Li et al. chose 0.5.
PRIOR_SHARE = 0.5
# Beginnings of replies that are followed at once.
BEAM = 64
# A reply of the trie must be e^this times as likely after the message as after any.
LEAST_GAIN = 0.5
# An occasion is clear from this sureness on: of left-out examples this sure seven in ten are right.
SURE = 0.25
# Occasions that are less sure than the first by no more than this: the network chooses.
NEARLY = 0.1
# Two replies say the same where the cosine of their words, weighted by how rare they are, is at least this.
ALIKE = 0.35
# Openings that say the same, by the one that stands for them.
_OPENINGS = {
    "yeah": "yes",
    "yep": "yes",
    "yea": "yes",
    "yup": "yes",
    "nope": "no",
    "nah": "no",
    "ok": "okay",
    "agreed": "agree",
}


class Reply(NamedTuple):
    """A reply and P(reply | message)."""

    text: str
    probability: float


class ReplySearch:
    """Finds replies in a list of n allowed ones, each with its ln P(reply) after any message, n > 0.

    ``occasions`` hold replies of that list too. It belongs to one thread.
    """

    def __init__(
        self,
        model: PairModel,
        texts: Sequence[str],
        log_prior: Sequence[float],
        occasions: Sequence[Occasion] = (),
    ) -> None:
        self.model, self.texts, self.log_prior = model, list(texts), np.array(log_prior, dtype=np.float64)
        self._start, self._end = (model.vocabulary.id_of(form) for form in (TEXT_START, LINE_END))
        # A node holds the nodes behind it by their token; behind the end of a reply stands its number.
        self._trie: dict[int, Any] = {}
        for number, text in enumerate(self.texts):
            node = self._trie
            for token in encode_sequence(model.vocabulary, text, model.unit):
                node = node.setdefault(token, {})
            node.setdefault(self._end, number)
        self._names = [names_in(model.vocabulary, text) for text in self.texts]
        numbers = {text: number for number, text in enumerate(self.texts)}
        # Of each occasion the groups of its replies, by their numbers.
        self._groups = [
            [[numbers[text] for text in group if text in numbers] for group in one.groups] for one in occasions
        ]
        self._words = [one.words for one in occasions]
        self.classifier = OccasionClassifier(model, occasions) if occasions else None

    def suggest(self, message: str, limit: int = 3, allowed: Callable[[str], bool] = lambda text: True) -> list[Reply]:
        """Find up to ``limit`` replies that are ``allowed``, the best first; none where nothing fits.

        None of them has a name that the message does not hold.
        """
        read = message_end(message)
        forms = [token.form for token in read if token.is_word]
        forced = self._forced(forms)
        if not forms or limit < 1 or (forced is None and not self._is_understood(forms)):
            return []
        held = set(forms)
        message = message[read[0].start :]
        able = {n for n, text in enumerate(self.texts) if self._names[n] <= held and allowed(text)}
        chosen: dict[int, float] = {}
        found = self._of_occasion(message, able, forced)
        for number, log_p in found if forced is not None else [*found, *self._of_trie(message)]:
            if number in able and not any(self._alike(number, other) for other in chosen):
                chosen[number] = log_p
                if len(chosen) == limit:
                    break
        return [Reply(self.texts[number], math.exp(log_p)) for number, log_p in chosen.items()]

    def digest(self) -> str:
        """Hexadecimal digits that tell network and replies from others."""
        content = "\n".join([self.model.network.digest(), *self.texts, str(self.log_prior.tolist()), str(self._groups)])
        return sha256(content.encode()).hexdigest()

    def _is_understood(self, forms: list[str]) -> bool:
        """True where the network knows half of the words at least: of others it would answer anything."""
        if self.model.unit != "words":
            return True
        unknown = self.model.vocabulary.id_of(UNKNOWN)
        return 2 * sum(self.model.vocabulary.id_of(form) != unknown for form in forms) >= len(forms)

    def _forced(self, forms: list[str]) -> int | None:
        """The occasion that a message has words of: death, say, which nothing cheerful is to answer."""
        text = f" {' '.join(forms).lower()} "
        of_words = (number for number, words in enumerate(self._words) if any(f" {one} " in text for one in words))
        return next(of_words, None)

    def _of_occasion(self, message: str, able: set[int], forced: int | None) -> list[tuple[int, float]]:
        """The best allowed reply of each group of the message's occasion, by gain; none where it is not clear."""
        if self.classifier is None:
            return []
        guesses = self.classifier.guesses(message) if forced is None else [Guess(forced, 1.0)]
        least = max(SURE, guesses[0].sureness - NEARLY)
        found: list[list[tuple[float, int, float]]] = []
        for guess in guesses:
            if guess.sureness < least:
                break
            groups = [[n for n in group if n in able] for group in self._groups[guess.number]]
            groups = [group for group in groups if group]
            numbers = [number for group in groups for number in group]
            log_p = self.model.log_probabilities(message, [self.texts[number] for number in numbers])
            gained = {
                n: (float(p - PRIOR_SHARE * self.log_prior[n]), n, float(p))
                for n, p in zip(numbers, log_p, strict=True)
            }
            found.append(sorted((max(gained[n] for n in group) for group in groups), reverse=True))
        return [(number, log_p) for _, number, log_p in max(found, default=[])]

    def _of_trie(self, message: str) -> list[tuple[int, float]]:
        """The replies that are much likelier after the message than after any, by their gains."""
        numbers, log_p = self._search(message)
        prior = self.log_prior[numbers]
        order = np.argsort(PRIOR_SHARE * prior - log_p, kind="stable").tolist()
        return [(numbers[i], float(log_p[i])) for i in order if log_p[i] - prior[i] >= LEAST_GAIN]

    def _search(self, message: str) -> tuple[list[int], Any]:
        """Search the trie: the numbers of the replies that the beam reaches, and ln P(reply | message) of each."""
        network = self.model.network
        read = network.encode(np.array(self.model.encode(message))[:, None])
        nodes, ids, state = [self._trie], np.array([self._start]), read.state
        log_p = np.zeros(1)
        found: dict[int, float] = {}
        while nodes:
            n = len(nodes)
            state = network.step(ids, state)
            outputs = np.broadcast_to(read.outputs, (len(read.outputs), n, read.outputs.shape[2]))
            logits = network.logits(network.project_attending(state, Encoded(state, outputs))).astype(np.float64)
            logits -= logits.max(axis=1, keepdims=True)
            logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
            further: list[tuple[float, int, int]] = []
            for row, node in enumerate(nodes):
                for token in node:
                    p = float(log_p[row] + logits[row, token])
                    if token == self._end:
                        found[node[token]] = p
                    else:
                        further.append((p, row, token))
            further = sorted(further, reverse=True)[:BEAM]
            rows = np.array([row for _, row, _ in further], dtype=np.int64)
            nodes = [nodes[row][token] for _, row, token in further]
            ids = np.array([token for _, _, token in further], dtype=np.int64)
            log_p, state = np.array([p for p, _, _ in further]), state[rows]
        return list(found), np.array(list(found.values()))

    @cached_property
    def _weights(self) -> list[dict[str, float]]:
        """The words of each reply by how rare they are, of length 1."""
        words = [_words(text) for text in self.texts]
        held = Counter(word for own in words for word in set(own))
        rare = [{word: math.log(1 + len(words) / held[word]) for word in own} for own in words]
        lengths = [math.sqrt(sum(w * w for w in own.values())) or 1.0 for own in rare]
        return [{word: w / length for word, w in own.items()} for own, length in zip(rare, lengths, strict=True)]

    def _alike(self, a: int, b: int) -> bool:
        one, other = self._weights[a], self._weights[b]
        opening = next(iter(one), None)
        if opening in ("yes", "no") and opening == next(iter(other), None):
            return True
        return sum(w * other.get(word, 0.0) for word, w in one.items()) >= ALIKE


def _words(text: str) -> list[str]:
    return [_OPENINGS.get(word, word) for word in words(text)]


def load_replies(directory: Path, model: PairModel) -> ReplySearch:
    """Load the allowed replies of a model: ``text TAB ln P(reply)`` a line, and the occasions, where it has some.

    Raises ``ModelError``, which names the file and the fault.
    """
    path = directory / REPLIES
    with loading(path, "list of replies", ModelError):
        pairs = [line.split("\t") for line in path.read_text("utf-8").split("\n")[:-1]]
        texts, log_prior = [text for text, _ in pairs], [float(p) for _, p in pairs]
        if not texts or not all(text and math.isfinite(p) and p <= 0 for text, p in zip(texts, log_prior, strict=True)):
            raise ValueError("a reply is empty, or its logarithm is none of a probability")
    occasions = load_occasions(directory / EVERYDAY) if (directory / EVERYDAY).exists() else []
    return ReplySearch(model, texts, log_prior, occasions)
