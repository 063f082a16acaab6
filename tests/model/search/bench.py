"""A model with all that searches in it, to be asked by text."""

from dataclasses import replace

from model.lm.language_model import LanguageModel
from model.search.complete import Completer
from model.search.correct import Correction, Corrector
from model.search.place.query import QueryReader
from model.search.ranking import Suggestion
from model.search.scorer import Scorer
from tests.model.tiny_model import logits_of, model_of, output_of, spelling_of

CHANCES = {"the": 0.2, "then": 0.01, "tomorrow": 0.05, "form": 0.01, "from": 0.02, "message": 0.05, "received": 0.02}
CHANCES |= {"doing": 0.05, "here": 0.05, "together": 0.02, "café": 0.02, "don't": 0.05, "London": 0.02, "apple": 0.02}
CHANCES |= {"this": 0.05, "I": 0.05, "to": 0.05, "were": 0.02, "we're": 0.02}
# The same chances in any context, and two rarer words.
MODEL = replace(model_of(CHANCES), spelling=spelling_of(["Kubernetes", "thermal"], [-2.0, -2.0]))


class Search:
    """Completes and corrects at the end of a text, as a request does."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.reader, self.scorer = QueryReader(model.vocabulary, 64), Scorer(model)
        self.completer, self.corrector = Completer(self.scorer), Corrector(self.scorer)

    def complete(self, text: str, fuzzy: bool = True) -> list[Suggestion]:
        """At most ten suggestions."""
        query = self.reader.completion(text, len(text))
        query = self.scorer.resolve(query) if fuzzy else query
        return self.completer.complete(query, logits_of(self.model, query.context), 10, 0.0, fuzzy)

    def correct(self, text: str) -> Correction:
        """At most ten corrections of the last word."""
        place = self.reader.last_word(text, len(text))
        assert place is not None
        word = self.reader.finished(text, *place)
        word = word._replace(query=self.scorer.resolve(word.query))
        return self.corrector.correct(word, output_of(self.model, word.query.context), 10, 0.0)
