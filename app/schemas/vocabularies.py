"""Custom vocabularies: their names, their entries and their blocked words."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from app.schemas.fields import Text
from app.validation_messages import rule_broken
from model.lm.words.custom_vocabulary import LONGEST_ENTRY
from model.text.tokens import fold

# Names of vocabularies, as those of models: they stand in addresses, and with commas between them in query strings.
VOCABULARY_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
MOST_ASKED_VOCABULARIES = 16
MOST_VOCABULARY_ENTRIES = 20_000


def _vocabulary_name(name: str) -> str:
    if not re.fullmatch(VOCABULARY_NAME, name):
        raise rule_broken("must be 1 to 64 letters, digits, _, . and - of ASCII, the first a letter or digit")
    return name


def _split_at_commas(value: object, info: ValidationInfo) -> object:
    """Take the names of a query string apart; JSON has lists."""
    if info.config is not None and info.config.get("strict"):
        return value
    return [name for part in value for name in part.split(",") if part] if isinstance(value, list) else value


def _one_line(text: str) -> str:
    """Bring a text of a vocabulary into its normal form: NFC, and single spaces inside."""
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in text):
        raise rule_broken("must be one line without control characters")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(text) <= LONGEST_ENTRY:
        raise rule_broken(f"must have 1 to {LONGEST_ENTRY} code points beside white space")
    return text


def _entry(text: str) -> str:
    text = _one_line(text)
    if not (text[0].isalpha() or text[0].isdecimal()) or not fold(text)[:1].isalnum():
        raise rule_broken("must begin with a letter or a digit")
    return text


def _blocked(text: str) -> str:
    text = _one_line(text)
    if not any(c.isalnum() for c in fold(text)):
        raise rule_broken("must have a letter or a digit")
    return text


VocabularyName = Annotated[
    str, AfterValidator(_vocabulary_name), WithJsonSchema({"type": "string", "pattern": f"^{VOCABULARY_NAME}$"})
]
AskedVocabularies = Annotated[
    list[VocabularyName], Field(max_length=MOST_ASKED_VOCABULARIES), BeforeValidator(_split_at_commas)
]


class VocabularyEntry(BaseModel):
    """A word or several that are offered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Annotated[Text, AfterValidator(_entry)] = Field(
        description=f"The word or words, as they are to be written: one line of at most {LONGEST_ENTRY} code points, "
        "which begins with a letter or a digit.",
        examples=["Acme Cloud Backup"],
    )
    weight: float = Field(
        default=1.0,
        gt=0,
        le=100,
        allow_inf_nan=False,
        description="How much more often than an entry of the weight 1 it is meant. A word that the model knows "
        "becomes 1 + `weight` times as likely.",
        examples=[2.0],
    )


class Vocabulary(BaseModel):
    """The words and names of a product, a team or a customer, and words that are never to be offered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    entries: list[VocabularyEntry] = Field(
        default=[],
        max_length=MOST_VOCABULARY_ENTRIES,
        description="What is offered. Of an entry that is given twice the greater weight counts.",
        examples=[[{"text": "Kubeflow"}, {"text": "Acme Cloud Backup", "weight": 2.0}]],
    )
    blocked: list[Annotated[Text, AfterValidator(_blocked)]] = Field(
        default=[],
        max_length=MOST_VOCABULARY_ENTRIES,
        description="Words, or several in a row, that are never offered where this vocabulary is asked for, in any "
        "letter case and accents, their possessives neither.",
        examples=[["Acme Legacy"]],
    )


class VocabularySummary(BaseModel):
    """A kept vocabulary in numbers."""

    name: str = Field(description="The name to ask for it by.", examples=["products"])
    entries: int = Field(description="The number of its entries.", examples=[2])
    blocked: int = Field(description="The number of its blocked words.", examples=[1])
    changed: datetime = Field(description="When it was put in last.", examples=["2026-01-02T03:04:05Z"])


class VocabularyList(BaseModel):
    """The vocabularies that are kept."""

    vocabularies: list[VocabularySummary] = Field(description="By their names.")
