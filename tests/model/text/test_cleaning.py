"""What nobody typed goes from a text to train on, and what people typed stays."""

import pytest

from model.text.cleaning import typed_lines


@pytest.mark.parametrize(
    "line",
    [
        "From: Ann Lee",
        "Subject: the report",
        "In a message dated 12/13/2009 2:17:29 P.M. Eastern Standard Time, someone@example.com writes:",
        "On Monday Ann wrote:",
        "-----Original Message-----",
        "> I think so too",
        "==========",
        "Write to help@example.com or call.",
        "See https://example.com/a for more.",
        "(Applause.)",
        "[laughter]",
        "Sent from my phone",
    ],
)
def test_lines_that_nobody_typed_go(line: str) -> None:
    assert typed_lines(["Before.", line, "Behind."]) == ["Before.", "Behind."]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("MR. SMITH: Well, (laughter) that was it.", "Well, that was it."),
        ("Speaker 12: Thank you. (Applause.)", "Thank you."),
        ("## How to begin", "How to begin"),
        ("It is <b>important</b> to rest.", "It is  important  to rest."),
        ("**Bold** words", "Bold words"),
    ],
)
def test_what_a_format_put_into_a_line_goes(line: str, kept: str) -> None:
    assert typed_lines([line]) == [kept]


@pytest.mark.parametrize(
    "line",
    [
        "Note: the shop is closed (I think) on Monday.",
        "I wrote a letter from home.",
        "To be honest, I'd rather not.",
        "See you at 7:30, subject to the weather.",
        "2 < 3, and 5 > 4",
        "Is it 5 * 3 or 5 + 3?",
        "The music (which I like) was loud.",
        "Date night tonight!",
    ],
)
def test_what_people_typed_stays(line: str) -> None:
    assert typed_lines([line], private=True) == [line]


def test_greetings_of_private_text_go() -> None:
    lines = ["Dear Ann,", "Hello Mr. Smith!", "Hi all, see you there.", "Hi Bob, see you there."]
    assert typed_lines(lines, private=True) == lines[2:]
    assert typed_lines(lines) == lines
