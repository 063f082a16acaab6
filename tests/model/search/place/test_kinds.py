"""The kind of each place in a text: plain text, an address, code, or behind a digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.search.place.kinds import LONGEST_RUN, Place, is_code, place_at, run_start

texts = st.text(st.characters(categories=None), max_size=60) | st.text("ab1@.:/\\_-`~#(\n '$w", max_size=60)


def marked_is_code(text: str) -> bool:
    """Tell whether the *tomorow* behind the asterisk of a text is code."""
    start = text.index("*")
    return is_code(text.replace("*", "", 1), start, start + len("tomorow"))


@pytest.mark.parametrize(
    ("before", "place"),
    [
        ("", Place.TEXT),
        ("see ", Place.TEXT),
        ("(", Place.TEXT),
        ("“", Place.TEXT),
        ("well-", Place.TEXT),
        ("end.", Place.TEXT),
        ("see @", Place.TEXT),
        ("C#", Place.TEXT),
        ("bob@", Place.ADDRESS),
        ("to bob@gmail.", Place.ADDRESS),
        ("https://", Place.ADDRESS),
        ("HTTP://x/", Place.ADDRESS),
        ("git+ssh://", Place.ADDRESS),
        ("www.", Place.ADDRESS),
        ("WWW.example.", Place.ADDRESS),
        ("mailto:bob@", Place.ADDRESS),
        ("bob@x. ", Place.TEXT),
        ("4", Place.DIGIT),
        ("on July 4", Place.DIGIT),
        ("$1,000.5", Place.DIGIT),
        ("(12", Place.DIGIT),
        ("10:30", Place.DIGIT),
        ("4 ", Place.TEXT),
        ("b2", Place.CODE),
        ("x/2", Place.CODE),
        ("user_", Place.CODE),
        ("`", Place.CODE),
        ("call `f and ", Place.CODE),
        ("call `f` and ", Place.TEXT),
        ("a ` b\n", Place.TEXT),
        ("```\n", Place.CODE),
        ("```py\nx = y\n", Place.CODE),
        ("```\nx\n```\n", Place.TEXT),
        ("~~~\nx ", Place.CODE),
        ("a ~~~ b ", Place.TEXT),
        ("x" * (2 * LONGEST_RUN) + "@", Place.ADDRESS),
        ("http://" + "x" * LONGEST_RUN, Place.TEXT),
    ],
)
def test_places(before: str, place: Place) -> None:
    assert place_at(before + "word", len(before)) is place
    # What stands behind changes nothing.
    assert place_at(before + "word` @x\n```", len(before)) is place


@given(texts, st.data())
def test_any_place_of_any_text_has_a_kind(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert place_at(text, start) in Place
    assert is_code(text, start, end) in (True, False)
    begin = run_start(text, start)
    run = text[begin:start]
    assert 0 <= begin <= start and not any(c.isspace() for c in run) and len(run) <= LONGEST_RUN
    assert begin == 0 or len(run) == LONGEST_RUN or text[begin - 1].isspace()


@pytest.mark.parametrize(
    "text",
    [
        "@*tomorow",
        "#*tomorow",
        "src/*tomorow/x",
        "*tomorow.py",
        "*tomorow@x.org",
        "*tomorow_2",
        "my_*tomorow",
        "x=*tomorow",
        "*tomorow=1",
        "$*tomorow",
        "C:\\*tomorow",
        "*tomorow(x)",
        "*tomorow()",
        "`*tomorow`",
        "`cd *tomorow now`",
        "```\nx *tomorow\n```",
        "<b>*tomorow</b>",
        "a:*tomorow",
    ],
)
def test_finished_words_that_are_code(text: str) -> None:
    assert marked_is_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "*tomorow",
        "see you *tomorow.",
        "(*tomorow)",
        "*tomorow (x)",
        "“*tomorow”,",
        "*tomorow: yes",
        "*tomorow(s)",
        "`x` *tomorow `y`",
        "```\nx\n```\n*tomorow",
        "*tomorow!",
        "well-*tomorow",
        "x@y.org *tomorow",
        "*tomorow...",
        "*tomorow\nx_y",
    ],
)
def test_finished_words_that_are_none(text: str) -> None:
    assert not marked_is_code(text)
