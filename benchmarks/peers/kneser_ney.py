"""A modified Kneser-Ney 5-gram through KenLM (Heafield 2011): every word with the typed beginning is scored.

The file is made of text in the form of the project's tokens, one line a line, by KenLM's own lmplz and build_binary;
rare words and numbers are written [unk] and [num].
"""

import importlib
from pathlib import Path
from typing import Any

from benchmarks.peers.words import Words
from model.evaluate.simulated_typing import STRIPS, Offer
from model.text.tokens import LINE_END, NUMBER, Token, sentence_starts, tokens
from model.text.vocabulary import Vocabulary

NUMBER_WORD = "[num]"


class KneserNey:
    """Suggests by a KenLM file."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        kenlm = importlib.import_module("kenlm")
        self._new_state: Any = kenlm.State
        self._model = kenlm.Model(str(path))
        self._words = Words(vocabulary)
        self._forms: dict[str, list[str]] = {}
        for form in vocabulary.forms[vocabulary.first_word :]:
            if form in self._model:
                self._forms.setdefault(form.casefold(), []).append(form)
        self._vocabulary = vocabulary

    def suggest(self, text: str, letters: int) -> list[Offer]:
        """Suggest the likeliest words with these letters, all spellings of a word together."""
        before = text[: len(text) - letters]
        state = self._state_after(list(tokens(before)))
        after = self._new_state()
        scored = []
        for word in self._words.beginning_with(text[len(before) :]):
            p = sum(10 ** self._model.BaseScore(state, form, after) for form in self._forms.get(word, ()))
            scored.append(Offer(word, p))
        return sorted(scored, key=lambda offer: -offer.probability)[: STRIPS[-1]]

    def _state_after(self, before: list[Token]) -> Any:
        # Up to the last line: KenLM's order reaches no further back than four tokens anyway.
        state, following = self._new_state(), self._new_state()
        self._model.BeginSentenceWrite(state)
        forms = [token.form for token in before]
        for form, at_start in zip(forms, sentence_starts(forms), strict=False):
            if form == LINE_END:
                self._model.BeginSentenceWrite(state)
                continue
            word = self._vocabulary.forms[self._vocabulary.id_of(form, at_start=at_start)]
            self._model.BaseScore(state, NUMBER_WORD if word == NUMBER else word, following)
            state, following = following, state
        return state
