"""What a text teaches, and what may be a secret and is never learned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.search.lessons import is_countable, is_teachable, lesson
from model.text.tokens import TEXT_START, tokens
from tests.model.tiny_model import tiny_vocabulary

VOCABULARY = tiny_vocabulary()


def words_of(text: str) -> set[str]:
    return {form for form in lesson(text, VOCABULARY).words if form[0].isalpha()}


def test_words_and_sequences_are_counted() -> None:
    taught = lesson("The dog eats. The dog Kubeflow", VOCABULARY)
    assert taught.words["the"] == 2 and taught.words["dog"] == 2, "a capital at the start of a sentence says nothing"
    assert taught.words["Kubeflow"] == 1
    assert taught.sequences["", "the", "dog"] == 2
    assert taught.sequences["the", "dog", "eats"] == taught.sequences["the", "dog", "Kubeflow"] == 1
    assert taught.sequences["", TEXT_START, "the"] == 1
    assert not lesson("", VOCABULARY).sequences


@pytest.mark.parametrize(
    "secret",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "DE89370400440532013000",
        "hunter2hunter2x",
        "a1b2c3d4-e5f6-a7b8",
        "AKIAIOSFODNN7EXAMPLE",
        "dGhpc0lzQVNlY3JldEtleQ",
        "jane.doe@example.com",
        "https://example.com/reset/abcdef",
        "www.example.com",
        "example.com",
        "/home/jane/secrets",
        "tok_abcdef",
        "abc12345",
        "4th",
        "DE89 3704 0044 0532 0130 00",
        "GB82 WEST 1234 5698 7654 32",
        "a" + "\u0301" * 60,
        "\0",
        "\x07",
        "_" + "\u0301" * 200,
    ],
)
def test_what_may_be_a_secret_is_not_learned(secret: str) -> None:
    plain = words_of("my dog and the cat")
    for text in (f"my dog {secret} and the cat", f"my dog ({secret}), and the cat", f"{secret} my dog and the cat"):
        assert words_of(text) == plain
    # Nor does it join what stands on both sides of it.
    assert not lesson(f"dog {secret} cat", VOCABULARY).sequences["", "dog", "cat"]


@pytest.mark.parametrize("form", ["{}", "Wi-Fi-{}", "{}-code", "{}'s", "{}\u2019s"])
@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "PIN",
        "passcode",
        "passphrase",
        "pwd",
        "pw",
        "secret",
        "Passwort",
        "contraseña",
        "pass code",
    ],
)
def test_nothing_behind_the_name_of_a_secret_is_learned(name: str, form: str) -> None:
    name = form.format(name)
    for text in (
        f"{name}: Zorbflow", f"my {name} is Zorbflow please", f"{name} = 'correct Zorbflow'", f"{name}:\nZorbflow",
        f"{name}\n\nZorbflow",
    ):  # fmt: skip
        assert "Zorbflow" not in words_of(text), text
    assert "Zorbflow" in words_of(f"my {name} is hidden\nZorbflow runs"), "the next line is another matter"


@pytest.mark.parametrize("text", ["I gave it to Ken Zorbflow", "pass the Zorbflow", "met AB12 Some Text here Zorbflow"])
def test_what_only_looks_like_the_name_of_a_secret_hides_nothing(text: str) -> None:
    assert "Zorbflow" in words_of(text)


@pytest.mark.parametrize(
    "word", ["Kubeflow", "Grünwald", "o'clock", "well-known", "R2D2", "日本", "iPhone", "NASA", "password"]
)
def test_words_are_learned(word: str) -> None:
    assert word in words_of(f"my {word} eats") and is_teachable(word) and is_countable(word)


@given(st.text(max_size=200) | st.text(" \n\0\x07a\u0301\u200dPpassword-'.👍", max_size=60))
def test_any_text_teaches_only_words_and_marks_that_may_be_counted(text: str) -> None:
    taught = lesson(text, VOCABULARY)
    forms = {token.form for token in tokens(text)} | {TEXT_START}
    for form in taught.words:
        assert form in forms or form.casefold() in {other.casefold() for other in forms}
        assert is_countable(form)
        assert "\0" not in form and len(form) <= 40, "a database takes it, and an export has it"
    for before, last, word in taught.sequences:
        assert last in taught.words and word in taught.words and (before == "" or before in taught.words)


@given(st.text(max_size=30))
def test_any_string_is_teachable_or_not(text: str) -> None:
    if is_teachable(text):
        (token,) = tokens(text)
        assert token.is_word and len(text) <= 40
