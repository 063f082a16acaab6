"""Accepting a suggestion gives the right text: ``insert`` put in the place of ``text[start:end]``.

A ``|`` marks the cursor; each case names a word that must be among the suggestions, as it is shown, and
the text that accepting it must give.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.tokens import tokens
from tests.model.tiny_model import answer, random_model, read, unhurried

MODEL = random_model()
COMPLETE, NEXT = "complete", "next-word"

CASES = {
    # The word being typed is replaced, whatever stands around it.
    "end of the text": (COMPLETE, "I would like an app|", "apply", "I would like an apply"),
    "only a prefix": (COMPLETE, "app|", "apply", "apply"),
    "middle of a word": (COMPLETE, "an app|lcie pie", "application", "an application pie"),
    "after one letter of a word": (COMPLETE, "an a|pple", "apply", "an apply"),
    "end of a word, text behind": (COMPLETE, "an app| a day", "apply", "an apply a day"),
    "full stop behind": (COMPLETE, "an app|.", "apply", "an apply."),
    "capital": (COMPLETE, "An App|", "Apply", "An Apply"),
    "capitals": (COMPLETE, "AN APP|", "APPLY", "AN APPLY"),
    "another case of the letters": (COMPLETE, "in london| now", "London", "in London now"),
    "contraction without apostrophe": (COMPLETE, "I dont| know", "don't", "I don't know"),
    "contraction typed to its apostrophe": (COMPLETE, "I don'|", "don't", "I don't"),
    "curly apostrophe": (COMPLETE, "I don’|", "don't", "I don't"),
    "curly apostrophe, cursor inside": (COMPLETE, "I do|n’t know", "done", "I done know"),
    "modifier apostrophe": (COMPLETE, "I donʼ|", "don't", "I don't"),
    "hyphenated": (COMPLETE, "a well-|", "well-known", "a well-known"),
    "hyphenated, cursor inside": (COMPLETE, "a well-|knwon dog", "well-known", "a well-known dog"),
    "accent missing": (COMPLETE, "my caf|", "café", "my café"),
    "NFD prefix": (COMPLETE, "my cafe\u0301|", "cafés", "my cafés"),
    "NFD before": (COMPLETE, "n\u0303e\u0301 cafe\u0301 app|", "apply", "n\u0303e\u0301 cafe\u0301 apply"),
    "NFD behind": (COMPLETE, "my caf|e\u0301", "cafés", "my cafés"),
    "between a letter and its accent": (COMPLETE, "my cafe|\u0301 x", "cafés", "my cafés x"),
    "emoji before": (COMPLETE, "👍 app|", "apply", "👍 apply"),
    "emoji directly before": (COMPLETE, "👍app|", "apply", "👍apply"),
    "emoji sequences before": (
        COMPLETE,
        "👩\u200d👩\u200d👧 🇫🇷 👍🏽 1️⃣ app|",
        "apply",
        "👩\u200d👩\u200d👧 🇫🇷 👍🏽 1️⃣ apply",
    ),
    "emoji behind": (COMPLETE, "app|👍", "apply", "apply👍"),
    "after a tab": (COMPLETE, "a\tapp|\tb", "apply", "a\tapply\tb"),
    "after line ends": (COMPLETE, "a\r\n\r\napp|\r\nb", "apply", "a\r\n\r\napply\r\nb"),
    "double space": (COMPLETE, "an  app|  pie", "apply", "an  apply  pie"),
    "full-width": (COMPLETE, "ｍｙ　ａｐｐ|　ｘ", "apply", "ｍｙ　apply　ｘ"),
    "full-width capitals": (COMPLETE, "ＡＰＰ|", "APPLY", "APPLY"),
    "Chinese before": (COMPLETE, "我喜欢app|", "apply", "我喜欢apply"),
    "Japanese around": (COMPLETE, "これはapp|です。", "apply", "これはapplyです。"),
    "rare ideograph before": (COMPLETE, "𠮷app|", "apply", "𠮷apply"),
    "Hebrew before": (COMPLETE, "שלום app|", "apply", "שלום apply"),
    "Hebrew behind": (COMPLETE, "app| שלום", "apply", "apply שלום"),
    "Arabic around": (COMPLETE, "مرحبا app| مرحبا", "apply", "مرحبا apply مرحبا"),
    "Hebrew word itself": (COMPLETE, "של|", "שלום", "שלום"),
    "Korean syllable half typed": (COMPLETE, "하|", "한국어", "한국어"),
    "opening quote before": (COMPLETE, "“app|”", "apply", "“apply”"),
    "straight quote before": (COMPLETE, '"app|"', "apply", '"apply"'),
    "bracket before": (COMPLETE, "(app|)", "apply", "(apply)"),
    "slash before": (COMPLETE, "and/o|", "of", "and/of"),
    "at sign before": (COMPLETE, "@app|", "apply", "@apply"),
    "hash before": (COMPLETE, "#app| x", "apply", "#apply x"),
    "underscore around": (COMPLETE, "my_app|_x", "apply", "my_apply_x"),
    "number directly before": (COMPLETE, "at 5p|", "pm", "at 5pm"),
    "invisible mark behind": (COMPLETE, "app|\u200f x", "apply", "apply\u200f x"),
    # Nothing typed: /complete offers the next word.
    "empty": (COMPLETE, "|", "The", "The"),
    "empty, next word": (NEXT, "|", "The", "The"),
    "start of a text": (COMPLETE, "|dog eats", "The", "The dog eats"),
    "start of a word": (COMPLETE, "the |dog", "big", "the big dog"),
    "start of a word, next word": (NEXT, "the |dog", "big", "the big dog"),
    "trailing space": (COMPLETE, "the dog eats |", "food", "the dog eats food"),
    "trailing spaces": (COMPLETE, "the dog eats  |", "food", "the dog eats  food"),
    "trailing tab": (COMPLETE, "the dog\t|", "food", "the dog\tfood"),
    "trailing line end": (COMPLETE, "the dog\n|", "Food", "the dog\nFood"),
    "trailing ideographic space": (COMPLETE, "日本　|", "food", "日本　food"),
    "trailing space and direction mark": (COMPLETE, "שלום \u200f|", "food", "שלום \u200ffood"),
    "space behind the cursor": (COMPLETE, "the | dog", "big", "the big dog"),
    "after a full stop": (COMPLETE, "Hi.|", "The", "Hi. The"),
    "after a comma": (COMPLETE, "Hi,|", "the", "Hi, the"),
    "after an emoji": (COMPLETE, "Hi 👍🏽|", "the", "Hi 👍🏽 the"),
    # The next word after a whole word brings its space.
    "after a word": (NEXT, "the dog eats|", "food", "the dog eats food"),
    "after a word and a space": (NEXT, "the dog eats |", "food", "the dog eats food"),
    "in a word": (NEXT, "the do|g eats", "food", "the dog food eats"),
    "after a word, text behind": (NEXT, "the dog| eats", "food", "the dog food eats"),
    "after a word, full stop behind": (NEXT, "the dog|.", "food", "the dog food."),
    "after a contraction": (NEXT, "I don’t|", "help", "I don’t help"),
    "in a contraction": (NEXT, "I don'|t", "help", "I don't help"),
    "after a plural's apostrophe": (NEXT, "the dogs'|", "food", "the dogs' food"),
    "after an NFD word": (NEXT, "cafe\u0301|", "food", "cafe\u0301 food"),
    "before a word's last accent": (NEXT, "cafe|\u0301", "food", "cafe\u0301 food"),
    "after a number": (NEXT, "at 5|", "pm", "at 5 pm"),
    "after a number, complete": (COMPLETE, "at 5|", "pm", "at 5 pm"),
    "in a number": (NEXT, "at 1|0 or", "pm", "at 10 pm or"),
    "after an ordinal": (NEXT, "the 1st|", "dog", "the 1st dog"),
    "after a percent sign": (NEXT, "5%|", "of", "5% of"),
    "after Chinese": (NEXT, "我喜欢|", "food", "我喜欢food"),
    "after a Japanese full stop": (NEXT, "これ。|", "food", "これ。food"),
    "after Hebrew": (NEXT, "שלום|", "food", "שלום food"),
    "before Hebrew": (NEXT, "the |שלום", "food", "the food שלום"),
    "after Arabic, text behind": (NEXT, "مرحبا| مرحبا", "food", "مرحبا food مرحبا"),
    "after a full-width word": (NEXT, "ｄｏｇ|", "food", "ｄｏｇ food"),
    # Quotes and brackets: none behind an opening one, a space behind a closing one.
    "in curly quotes": (NEXT, "he: “|”", "The", "he: “The”"),
    "after a curly quote": (NEXT, "“hi”|", "he", "“hi” he"),
    "in straight quotes": (NEXT, 'he: "|"', "The", 'he: "The"'),
    "after a straight quote": (NEXT, 'the "dog"|', "food", 'the "dog" food'),
    "straight quote, second pair": (NEXT, 'the "dog" "|', "Food", 'the "dog" "Food'),
    "straight quote of the line before": (NEXT, 'the "dog\n"|', "Food", 'the "dog\n"Food'),
    "opening apostrophe": (NEXT, "the '|", "food", "the 'food"),
    "closing apostrophe": (NEXT, "the 'dog'|", "food", "the 'dog' food"),
    "in brackets": (NEXT, "the dog (|)", "food", "the dog (food)"),
    "before a closing bracket": (NEXT, "(the dog|)", "food", "(the dog food)"),
    "after a bracket": (NEXT, "(dog)|", "food", "(dog) food"),
    "before an opening bracket": (COMPLETE, "the |(dog)", "food", "the food (dog)"),
    "before a curly quote": (COMPLETE, "the |“dog”", "food", "the food “dog”"),
    "before a straight quote": (COMPLETE, 'the |"dog"', "food", 'the food "dog"'),
    "before a closing straight quote": (COMPLETE, '"the |"', "food", '"the food"'),
    "before a single quote": (COMPLETE, "the |'dog'", "food", "the food 'dog'"),
    "before an emoji": (COMPLETE, "the |👍", "food", "the food 👍"),
    "before a dash": (COMPLETE, "the |— and", "food", "the food — and"),
    "before a currency sign": (COMPLETE, "the |$5", "food", "the food $5"),
    "before a hash": (COMPLETE, "the |#dog", "food", "the food #dog"),
    "before a comma": (COMPLETE, "the |, and", "food", "the food, and"),
    # Marks that bind.
    "after a hyphen": (NEXT, "well-|", "known", "well-known"),
    "after a free dash": (NEXT, "the dog – |", "food", "the dog – food"),
    "after a sign of joining": (NEXT, "R&|", "the", "R&the"),
    "after a sign set apart": (NEXT, "my dog &|", "the", "my dog & the"),
    "after a dash set apart": (NEXT, "my dog –|", "the", "my dog – the"),
    "after a dash at the beginning": (NEXT, "my dog\n—|", "the", "my dog\n—the"),
    "after a slash": (NEXT, "and/|", "or", "and/or"),
    "after an at sign": (NEXT, "@|", "dog", "@dog"),
    "after a hash": (NEXT, "the #|", "dog", "the #dog"),
    "after a currency sign": (NEXT, "5 €|", "a", "5 €a"),
    "in asterisks": (NEXT, "the **|**", "dog", "the **dog**"),
    "after asterisks": (NEXT, "the **dog**|", "food", "the **dog** food"),
    "after backticks": (NEXT, "the `dog`|", "food", "the `dog` food"),
    "after a name with a sign": (NEXT, "C#|", "food", "C# food"),
    "after a name with two signs": (NEXT, "C++|", "food", "C++ food"),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_accepting_a_suggestion_gives_the_right_text(case: tuple[str, str, str, str]) -> None:
    endpoint, marked, word, expected = case
    cursor = marked.index("|")
    text = marked.replace("|", "")
    inserts = {s.text: s.insert for s in answer(MODEL, text, endpoint, cursor)}
    assert word in inserts
    query = read(MODEL, endpoint, text, cursor)
    assert text[: query.start] + inserts[word] + text[query.end :] == expected


pieces = st.sampled_from(
    ["dog", "well-known", "don’t", "5", " ", " ", "\n", "👍", "日本", "שלום", *".,!()“”'/@#$€*`+–—"]
)


@unhurried
@given(st.lists(pieces).map("".join), st.data())
def test_an_accepted_word_is_a_word_of_its_own_and_brings_no_second_space(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    for endpoint in (COMPLETE, NEXT):
        query = read(MODEL, endpoint, text, cursor)
        for s in answer(MODEL, text, endpoint, cursor, limit=2):
            result = text[: query.start] + s.insert + text[query.end :]
            begin = query.start + s.insert.index(s.text)
            assert (begin, begin + len(s.text)) in {(token.start, token.end) for token in tokens(result)}
            assert "  " in text or "  " not in result


def test_the_space_of_the_next_word_is_in_the_insert_alone() -> None:
    suggestions = answer(MODEL, "the dog eats", NEXT)
    assert all(s.insert == " " + s.text for s in suggestions) and suggestions
    assert all(s.insert == s.text for s in answer(MODEL, "the dog eats ", NEXT))
    assert all(s.insert == s.text + " " for s in answer(MODEL, "the dog", NEXT, cursor=4))
