"""Clean the words that a model offers: ``python -m model.train.words.clean MODEL TEXT…``.

Counts the texts, each file a source for itself, and writes anew what concerns the words alone: which are misspellings,
and withheld from then on; in which letter case they are written, behind a word with a capital too; and how common each
is, whatever the source (``common.safetensors``). The weights stay as they are.
"""

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from model.arrays import FloatArray
from model.errors import UserError
from model.files import load_word_list, write_atomically
from model.lm.language_model import LanguageModel
from model.lm.storage import CONFIG, LEXICON, SPELLING, WORDS, lexicon_content, load_model, save_common
from model.lm.words.known_words import KnownWords
from model.lm.words.spelling import Lexicon
from model.text.corpus import Recipe, Source, files_of
from model.text.tokens import UNKNOWN, fold
from model.text.vocabulary import SortedWords, Vocabulary
from model.train.dataset import count
from model.train.progress import ProgressBar
from model.train.words.counts import Counts
from model.train.words.lexicon import one_left_out

# Sources in which a word stands inside sentences, at least, to tell its letter case from.
LEAST_SOURCES = 2
# A word is small if this share of its sources write it mostly so; titles and products are the minority then.
SMALL_SOURCES = 0.5
# The same share for a word that is a name as well.
NAME_SOURCES = 0.8
# A name is written small, out of laziness, in at most this share of its occurrences, and mostly so in at most this
# share of its sources.
LAZY_SHARE, LAZY_SOURCES = 0.25, 0.15
# A word of small letters is titled, *Secretary* in *Assistant Secretary*, where it stands this often behind a word with
# a capital, and has one itself in this share of these places.
LEAST_BEHIND, TITLED_SHARE = 5, 0.7
# A spelling with capitals inside (LeBron) is right where it has this share of all capitals.
INNER_SHARE = 0.25
# A rare word that no list knows is a misspelling of one that is this many times as frequent and one letter away (names
# resemble each other more), and two words without their space if both are as frequent as this in the training text.
TIMES_AS_FREQUENT, TIMES_AS_FREQUENT_NAME = 3, 10
JOINED_COUNT = 300
# Host names that lost their full stop: gmailcom, USAgov.
_HOST = re.compile(r".{2,}(?:com|org|net|gov|edu)", re.IGNORECASE)


@dataclass
class CaseCounts:
    """By casefolded word: in how many sources it stands, in how many mostly small, and how often in each spelling.

    Also how often it stands right behind a word with a capital, and how often it has a capital itself there.
    """

    sources: dict[str, int] = field(default_factory=dict)
    small: dict[str, int] = field(default_factory=dict)
    spellings: dict[str, dict[str, int]] = field(default_factory=dict)
    behind_capital: Counter[str] = field(default_factory=Counter)
    titles: Counter[str] = field(default_factory=Counter)

    def add(self, counts: Counts) -> None:
        """Take in the counts of a source."""
        here: dict[str, dict[str, int]] = {}
        for form, n in counts.trusted.items():
            here.setdefault(form.casefold(), {})[form] = n
        for key, forms in here.items():
            self.sources[key] = self.sources.get(key, 0) + 1
            is_small = 2 * sum(n for form, n in forms.items() if form.islower()) > sum(forms.values())
            self.small[key] = self.small.get(key, 0) + is_small
            known = self.spellings.setdefault(key, {})
            for form, n in forms.items():
                known[form] = known.get(form, 0) + n
        for form, n in counts.behind_capital.items():
            self.behind_capital[form.casefold()] += n
            self.titles[form.casefold()] += n if form.istitle() else 0

    def small_share(self, key: str) -> float | None:
        """The share of a word's sources that write it mostly small; None where there are too few to tell."""
        sources = self.sources.get(key, 0)
        return self.small[key] / sources if sources >= LEAST_SOURCES else None

    def true_case(self, form: str, known: KnownWords) -> str:
        """The form, small where a capital is a title's or a product's alone; *Rhoda* is no word in small letters."""
        small = form.casefold()
        least = NAME_SOURCES if known.is_name(form) else SMALL_SOURCES
        share = self.small_share(small)
        return small if form.istitle() and share is not None and share >= least and small in known else form

    def is_titled(self, form: str) -> bool:
        """True for a word of small letters that mostly has a capital behind a word with one."""
        times = self.behind_capital[form]
        return form.islower() and times >= LEAST_BEHIND and self.titles[form] >= TITLED_SHARE * times

    def is_lazy(self, form: str) -> bool:
        """True for a name in small letters: hardly anybody writes it so inside a sentence."""
        counted = self.spellings.get(form.casefold(), {})
        usual = max(counted, key=lambda other: counted[other], default=form)
        share = self.small_share(form)
        return (
            form.islower()
            and usual.istitle()
            and share is not None
            and share <= LAZY_SOURCES
            and counted.get(form, 0) <= LAZY_SHARE * sum(counted.values())
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    p = argparse.ArgumentParser(prog="python -m model.train.words.clean", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="a trained model's folder")
    p.add_argument("texts", nargs="+", type=Path, help="text files or folders of them; each file is a source")
    p.add_argument(
        "--misspelled", type=Path, action="append", default=[], metavar="FILE", help="words up to any '->', to withhold"
    )
    p.add_argument("--processes", type=int, default=2, help="that count the text")
    options = p.parse_args(arguments)
    try:
        if options.processes < 1:
            raise UserError(f"--processes {options.processes}: must be above 0")
        misspelled = [word for path in options.misspelled for word in load_word_list(path)]
        model = load_model(options.model, offensive=None)
        cases, common = _count(model.vocabulary, options.texts, options.processes)
        _write(options.model, model, cases, common, frozenset(word.casefold() for word in misspelled))
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _count(vocabulary: Vocabulary, texts: Iterable[Path], processes: int) -> tuple[CaseCounts, FloatArray]:
    """The letter cases of all words, and how common those of the vocabulary are: (V,), the mean over the sources."""
    cases, shares = CaseCounts(), []
    with ProgressBar.counting() as show:
        for file in (file for path in texts for file in files_of(path)):
            counts = count(Recipe([Source(file)]), processes, show)
            cases.add(counts)
            times = np.zeros(len(vocabulary))
            for form, n in counts.trusted.items():
                times[vocabulary.id_of(form)] += n
            for form, n in counts.untrusted.items():
                times[vocabulary.id_of(form, at_start=True)] += n
            times[: vocabulary.first_word] = 0
            shares.append(times / max(1.0, times.sum()))
    mean: FloatArray = np.mean(shares, axis=0)
    return cases, mean


def _write(
    folder: Path, model: LanguageModel, cases: CaseCounts, common: FloatArray, misspelled: frozenset[str]
) -> None:
    old = model.vocabulary
    withheld = {form for form, offered in zip(old.forms, old.offered, strict=True) if not offered}
    vocabulary = recased(old, cases, model.known)
    wrong = {form for form in vocabulary.forms[vocabulary.first_word :] if is_misspelled(form, misspelled, model.known)}
    lazy = lazy_spellings(vocabulary, cases)
    vocabulary = Vocabulary(vocabulary.forms, vocabulary.counts, withheld | wrong | lazy)
    print(f"withheld now: {len(wrong - withheld)} misspellings, {len(lazy - withheld)} lazy spellings of names")
    if model.spelling is not None:
        lexicon = cleaned_lexicon(model.spelling.lexicon, vocabulary, cases, misspelled, model.known)
        print(f"{len(lexicon.words)} of {len(model.spelling.lexicon.words)} rarer words are left")
        write_atomically(folder / SPELLING / LEXICON, lexicon_content(lexicon))
    config = json.loads((folder / CONFIG).read_text("utf-8")) | {"words_sha256": vocabulary.digest()}
    write_atomically(folder / WORDS, "".join(vocabulary.lines()).encode())
    write_atomically(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())
    save_common(folder, common, np.array([cases.is_titled(form) for form in vocabulary.forms]))


def recased(vocabulary: Vocabulary, cases: CaseCounts, known: KnownWords) -> Vocabulary:
    """The vocabulary with words small that titles alone had with a capital; their ids stay."""
    forms, taken = list(vocabulary.forms), set(vocabulary.forms)
    for i in range(vocabulary.first_word, len(forms)):
        small = cases.true_case(forms[i], known)
        if small not in taken:
            taken.add(small)
            forms[i] = small
    return Vocabulary(forms, vocabulary.counts)


def lazy_spellings(vocabulary: Vocabulary, cases: CaseCounts) -> set[str]:
    """The spellings of names that people only use to save effort: batman, Lebron."""
    found = set()
    for same in vocabulary.spellings.values():
        forms = [vocabulary.forms[i] for i in same]
        found |= {form for form in forms if cases.is_lazy(form)}
        counted = cases.spellings.get(forms[0].casefold(), {})
        capitals = {form: counted.get(form, 0) for form in forms if form[0].isupper() and not form.isupper()}
        inner = sum(n for form, n in capitals.items() if not form.istitle())
        if inner >= INNER_SHARE * max(1, sum(capitals.values())):
            found |= {form for form in capitals if form.istitle()}
    return found


def is_misspelled(form: str, misspelled: Container[str], known: KnownWords) -> bool:
    """True for a form in a list of misspellings, if it is no name, and for host names that lost their stop."""
    is_name = form[0].isupper() and known.is_name(form)
    return (form.casefold() in misspelled and not is_name) or (bool(_HOST.fullmatch(form)) and form not in known)


def cleaned_lexicon(
    lexicon: Lexicon, vocabulary: Vocabulary, cases: CaseCounts, misspelled: Container[str], known: KnownWords
) -> Lexicon:
    """The lexicon without misspellings, each word in its true case."""
    frequent: dict[str, int] = {}
    for form, n in zip(
        vocabulary.forms[vocabulary.first_word :], vocabulary.counts[vocabulary.first_word :], strict=True
    ):
        for rest in one_left_out(fold(form)):
            frequent[rest] = max(n, frequent.get(rest, 0))
    unknown = vocabulary.counts[vocabulary.id_of(UNKNOWN)]
    shares: dict[str, float] = {}
    for form, log_p in zip(lexicon.words.forms, lexicon.log_probability.tolist(), strict=True):
        share = math.exp(log_p)
        near = max(frequent.get(rest, 0) for rest in one_left_out(fold(form)))
        is_known = form in known or known.is_name(form) or known.is_shorthand(form)
        times = TIMES_AS_FREQUENT if form.islower() else TIMES_AS_FREQUENT_NAME
        is_typo = near > times * share * unknown or (form.islower() and _is_joined(form, vocabulary))
        if is_misspelled(form, misspelled, known) or (is_typo and not is_known):
            continue
        right = cases.true_case(form, known)
        if right not in vocabulary:
            shares[right] = max(share, shares.get(right, 0.0))
    forms = sorted(shares, key=lambda form: (fold(form), -shares[form], form))
    return Lexicon(SortedWords(forms), np.log([shares[form] for form in forms]).astype(np.float32))


def _is_joined(form: str, vocabulary: Vocabulary) -> bool:
    """True for two frequent words without the space between them."""
    counts, word_id, unknown = vocabulary.counts, vocabulary.id_of, vocabulary.id_of(UNKNOWN)
    parts = ((form[:i], form[i:]) for i in range(2, len(form) - 1) if form.isalpha())
    return any(
        all(word_id(part) != unknown and counts[word_id(part)] >= JOINED_COUNT for part in pair) for pair in parts
    )


if __name__ == "__main__":
    sys.exit(main())
