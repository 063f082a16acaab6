"""The words that peers without a vocabulary of their own choose from: those of the shipped model."""

import bisect

from model.text.vocabulary import Vocabulary


class Words:
    """Words in small letters, sorted, found by their beginning."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        counts: dict[str, int] = {}
        for form, n in zip(
            vocabulary.forms[vocabulary.first_word :], vocabulary.counts[vocabulary.first_word :], strict=True
        ):
            counts[form.casefold()] = counts.get(form.casefold(), 0) + n
        self.sorted = sorted(counts)
        self.counts = counts

    def beginning_with(self, prefix: str) -> list[str]:
        """List the words that begin with the prefix, in any letter case."""
        low = bisect.bisect_left(self.sorted, prefix.casefold())
        high = bisect.bisect_left(self.sorted, prefix.casefold() + "\U0010ffff")
        return self.sorted[low:high]
