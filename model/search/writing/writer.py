"""Writing on: words drawn one after the other from the mixture, with the marks, spaces and capitals of a text.

Temperature and nucleus (top-p, Holtzman et al. 2020) make the draw safer than the bare distribution. What was said
becomes less likely, the rarer the word the more (after Keskar et al. 2019); no four words are said twice, and no word
or sequence of up to three twice running.
"""

from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.mixture import mixture
from model.lm.words.offensive import LONGEST_BEGINNING
from model.search.place.query import Query
from model.text.tokens import LINE_END, SENTENCE_ENDS, SentenceTracker, capitalised

# Marks that may be written, beside quotes. Brackets and dashes need more of a plan than one word ahead.
_MARKS = (".", ",", "!", "?", ";", ":", "...")
_QUOTE = '"'
SENTENCE, PARAGRAPH, LENGTH, TIME, NOTHING = "sentence", "paragraph", "length", "time", "nothing"
# Words with more surprise than this, (ln P)², are content words; their chance is divided by how often they were said.
_CONTENT_SURPRISE = 36.0
# So many words are said twice nowhere.
_RUN = 4


class Manner(NamedTuple):
    """How to write: until which ``stop``, at most ``max_words`` words, and how the draw is made."""

    max_words: int
    temperature: float
    top_p: float
    seed: int
    stop: str


class Writer:
    """Writes on from the place of a query. ``draw`` may be called by any thread, by one at a time.

    ``context`` is what the next word follows; ``reason`` says why the text has ended, None before that.
    """

    def __init__(self, model: LanguageModel, query: Query, quote_is_open: bool, manner: Manner) -> None:
        self.model, self.manner = model, manner
        self.context = query.context
        self.words = 0
        self.reason: str | None = None
        self._lead = query.lead
        self._after_space = not query.lead
        self._sentences = SentenceTracker(query.capital, query.behind_capital)
        self._quote_is_open = quote_is_open
        self._said: list[int] = []
        self._random = np.random.Generator(np.random.PCG64(manner.seed))
        vocabulary = model.vocabulary
        id_of = vocabulary.id_of
        self._marks: IntArray = np.array([id_of(mark) for mark in _MARKS if mark in vocabulary], dtype=np.int64)
        # These end nothing before a word was written.
        self._ends: IntArray = np.array([id_of(mark) for mark in SENTENCE_ENDS if mark in vocabulary], dtype=np.int64)
        self._quote = id_of(_QUOTE) if _QUOTE in vocabulary else None
        self._line_end = id_of(LINE_END)
        self._never: BoolArray = model.offered(range(len(vocabulary)), 0) == 0

    def draw(self, logits: FloatArray) -> str:
        """Draw what comes next; ``logits`` (V,) are the network's after the context. Returns the text to append."""
        chances = self._chances(logits)
        total = float(chances.sum())
        if total <= 0:
            self.reason = NOTHING
            return self._closed("")
        id_ = self._pick(chances)
        while id_ >= self.model.vocabulary.first_word and not self._is_allowed(id_):
            chances[id_] = 0
            if chances.sum() <= 0:
                self.reason = NOTHING
                return self._closed("")
            id_ = self._pick(chances)
        return self._write(id_)

    def end(self, reason: str) -> str:
        """End before the text does; returns what closes it."""
        self.reason = reason
        return self._closed("")

    def _chances(self, logits: FloatArray) -> FloatArray:
        """The chances (V,) of what may come next, before temperature and nucleus."""
        able = ~self._never
        last = self.context[-1]
        is_behind_word = last >= self.model.vocabulary.first_word and not (self._after_space and not self._said)
        able[self._marks] = is_behind_word
        able[self._ends] &= self.words > 0
        is_end = bool(self._said) and self._sentences.at_start
        able[self._line_end] = is_end and not self._quote_is_open and last != self._line_end
        if self._quote is not None:
            # A quotation is closed behind its last mark, and opened where a word could stand.
            behind_quote = last == self._quote
            able[self._quote] = not behind_quote and (is_end if self._quote_is_open else not is_end and self.words > 0)
        p = mixture(self.model, self.context, logits, range(len(able)), excluded=np.flatnonzero(~able))
        for id_ in set(self._said):
            if self.model.vocabulary.surprise[id_] > _CONTENT_SURPRISE:
                p[id_] /= 1 + self._said.count(id_)
        p[self._repeating()] = 0
        return p

    def _repeating(self) -> IntArray:
        """The words, in any spelling, that would say the last words before them a second time."""
        vocabulary = self.model.vocabulary
        context, said = (vocabulary.first_spelling[list(ids)].tolist() for ids in (self.context, self._said))
        # Behind what was typed as well: *really* goes on without another *really*.
        most = min(_RUN, len(context) + 1)
        again = [context[-n] for n in range(1, most) if context[len(context) - n + 1 :] == context[1 - 2 * n : -n]]
        beginning = said[-(_RUN - 1) :]
        if len(beginning) == _RUN - 1:
            places = range(len(said) - _RUN + 1)
            again += [said[i + _RUN - 1] for i in places if said[i : i + _RUN - 1] == beginning]
        words = (vocabulary.spelled(first)[1] for first in again if first >= vocabulary.first_word)
        return np.array([id_ for spellings in words for id_, _ in spellings], dtype=np.int64)

    def _pick(self, chances: FloatArray) -> int:
        """Draw by temperature from the nucleus: the likeliest that are together as likely as ``top_p``."""
        if self.manner.temperature == 0:
            return int(np.argmax(chances))
        ids = np.flatnonzero(chances)
        log_p = np.log(chances[ids].astype(np.float64)) - np.log(float(chances.max()))
        # At a temperature near 0 what is less likely than the best is so by more than any number: that leaves it none.
        with np.errstate(over="ignore"):
            p = np.exp(log_p / self.manner.temperature)
        p /= p.sum()
        order = np.argsort(-p, kind="stable")
        nucleus = order[: int(np.searchsorted(np.cumsum(p[order]), self.manner.top_p)) + 1]
        # By id: among those as good as equally likely rounding decides the order, which must not decide the draw.
        nucleus.sort()
        bounds = np.cumsum(p[nucleus])
        place = int(np.searchsorted(bounds, self._random.random() * bounds[-1], side="right"))
        return int(ids[nucleus[min(place, len(nucleus) - 1)]])

    def _is_allowed(self, id_: int) -> bool:
        forms = self.model.vocabulary.forms
        return self.model.guard.allows(forms[id_], "", tuple(forms[i] for i in self.context[-LONGEST_BEGINNING:]))

    def _write(self, id_: int) -> str:
        """Take a token into the text, and say how it is written there."""
        form, last = self.model.vocabulary.forms[id_], self.context[-1]
        self.context = (*self.context, id_)
        if id_ == self._line_end:
            self._sentences.push(form)
            self._lead = ""
            if self.manner.stop == PARAGRAPH:
                self.reason = PARAGRAPH
                return ""
            return "\n"
        if id_ == self._quote:
            return self._write_quote()
        if id_ < self.model.vocabulary.first_word:
            self._sentences.push(form)
            self._lead = " "
            if self._sentences.at_start and self.manner.stop == SENTENCE:
                self.reason = SENTENCE
            return self._limited(form)
        word = self.model.titled(form) if self._sentences.behind_capital else form
        if self._sentences.at_start and form[1:] == form[1:].lower():
            word = capitalised(form)
        text = ("" if last == self._quote and self._quote_is_open and self._said else self._lead) + word
        self._sentences.push(word)
        self._said.append(id_)
        self.words += 1
        self._lead = " "
        return self._limited(text)

    def _write_quote(self) -> str:
        if self._quote_is_open:
            self._quote_is_open = False
            return _QUOTE
        self._quote_is_open = True
        self._sentences = SentenceTracker(True)
        return self._lead + _QUOTE

    def _limited(self, text: str) -> str:
        if self.reason is None and self.words >= self.manner.max_words:
            self.reason = LENGTH
        return self._closed(text) if self.reason is not None else text

    def _closed(self, text: str) -> str:
        """A text with the quotation closed that is open in it."""
        if not self._quote_is_open or not self._said:
            return text
        self._quote_is_open = False
        return text + _QUOTE
