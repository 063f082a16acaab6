"""The settings of the service: ``TSUZUKI_…`` variables, or options of ``python -m app``."""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import model
from app.keys import read_keys
from app.schemas.vocabularies import MOST_ASKED_VOCABULARIES, VOCABULARY_NAME
from app.validation_messages import rule_broken, sentence
from model.errors import UserError
from model.lm.words.offensive import SHIPPED_LIST
from model.text.encoding import CONTEXT_TOKENS

PREFIX = "TSUZUKI_"
# The most bytes that JSON or a query string take for a code point: "\\ud83d\\ude00", %F0%9F%98%80.
_BYTES_A_CODE_POINT = 12
# And for all else in a request.
_BYTES_BESIDE_TEXT = 4096
# And for a row of a person's counts in an export: three words, a weight, an age, and the names of the fields.
_BYTES_A_ROW = 512
# Of the header fields, beside the query string: browsers and proxies send a few thousand at most.
_HEADER_BYTES = 65_536
_SHIPPED_MODEL = Path(model.__file__).parent / "en"
_MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_RATE_LIMIT = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")
# The values of these are never shown.
_SECRET = frozenset({"api_keys", "admin_keys", "rate_limit_storage", "database"})
_KEYS = "a file with one a line, or some separated by commas; sha256:… stands for one"
_REDIS = re.compile(r"rediss?://(?:[^\s/@]*@)?[A-Za-z0-9.\[\]:-]+:[0-9]{1,5}(?:/[0-9]*)?(?:\?\S*)?")
_COLLECTOR = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._/-]*)?")
_DATABASE = re.compile(r"sqlite:///[^?]+|postgresql://[^\s]+")
# The value that stands for a file of SQLite in the folder of the user's data.
OWN_SQLITE = "sqlite"
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.:\[\]-]+")


class SettingsError(UserError):
    """A setting that breaks its rule; the message names the variable or option, the value and the rule."""


class Settings(BaseSettings):
    """All settings with their defaults and bounds; ``docs/settings.md`` says more about each."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, validate_default=False)

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 is every network")
    port: int = Field(8000, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one")
    models: Annotated[dict[str, Path], NoDecode] = Field(
        {"en": _SHIPPED_MODEL},
        description="models as name=folder,name2=folder2; the first answers where a request names none",
    )
    max_text_length: int = Field(10_000, ge=1, le=1_000_000, description="most code points of a request's text")
    max_limit: int = Field(50, ge=1, le=1000, description="most suggestions that a request may ask for")
    default_limit: int = Field(5, ge=1, le=1000, description="most suggestions where a request does not say")
    context_tokens: int = Field(
        CONTEXT_TOKENS, ge=1, le=1024, description="most tokens before the cursor that are read"
    )
    cache_megabytes: int = Field(
        24,
        ge=0,
        le=1_000_000,
        description="memory for cached states and inputs, shared by models and workers; 0 keeps nothing",
    )
    batch_limit: int = Field(64, ge=1, le=1024, description="most contexts that one batch steps")
    queue_limit: int = Field(
        1000, ge=1, le=1_000_000, description="most waiting requests of a model in a worker; others get 503"
    )
    generate_limit: int = Field(
        8, ge=1, le=10_000, description="most texts that a worker writes on at a time; others get 503"
    )
    blas_threads: int = Field(2, ge=1, le=1024, description="threads that share the matrix products of a batch")
    keyboard: Literal["qwerty", "azerty", "qwertz", "dvorak"] = Field(
        "qwerty", description="layout that typos are judged by: qwerty, azerty, qwertz or dvorak"
    )
    phrase_probability: float = Field(
        0.5,
        ge=0.01,
        le=1,
        allow_inf_nan=False,
        description="least probability of each further word of a phrase; the whole may be a little less likely",
    )
    offensive_words: Path | None = Field(
        SHIPPED_LIST,
        description="words, one a line, that are offered once most of their letters are typed; none guards none",
    )
    api_keys: Annotated[tuple[bytes, ...], NoDecode] = Field(
        (), repr=False, description=f"keys that requests must bring, none for all requests: {_KEYS}"
    )
    admin_keys: Annotated[tuple[bytes, ...], NoDecode] = Field(
        (), repr=False, description=f"keys that may do all that, reload the models, and change vocabularies: {_KEYS}"
    )
    rate_limit: str | None = Field(
        None, description="most requests of a key, or of an address without one: 600/minute; second, hour or day"
    )
    rate_limit_storage: str | None = Field(
        None, repr=False, description="Redis that several processes count in, as redis://host:6379; none is memory"
    )
    workers: int = Field(1, ge=1, le=256, description="processes that serve, with one copy of the models")
    timeout_seconds: float = Field(
        30.0, ge=0.01, le=3600, allow_inf_nan=False, description="longest that a request may take; then it gets 503"
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="addresses and networks of the proxies whose X-Forwarded-For counts; * is all, none is none",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="pages that may call from a browser: https://a.example,https://b.example; * is any page"
    )
    traces: str | None = Field(
        None, description="OpenTelemetry collector that gets a span of each request, as http://host:4318; none is off"
    )
    database: str | None = Field(
        OWN_SQLITE,
        repr=False,
        description="where counts of what people write are kept: sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME, "
        "or none; sqlite alone is a file in the user's data folder",
    )
    vocabularies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="vocabularies that count where a request names none: products,team"
    )
    database_rows: int = Field(
        20_000_000,
        ge=1000,
        le=10_000_000_000,
        description="most rows of counts in the database; beyond, those fade of who wrote longest ago",
    )
    person_rows: int = Field(
        50_000,
        ge=100,
        le=1_000_000,
        description="most rows of a person: words, sequences, forgotten words; beyond, the least used go",
    )
    people_megabytes: int = Field(
        32, ge=0, le=1_000_000, description="memory for the counts of those who asked last, shared by the workers"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="what is logged: debug, info, warning or error; a request is info"
    )

    @property
    def max_request_bytes(self) -> int:
        """The most bytes of a body or query string: those of the longest text, and some for everything else."""
        return self.max_text_length * _BYTES_A_CODE_POINT + _BYTES_BESIDE_TEXT

    @property
    def max_export_bytes(self) -> int:
        """The most bytes of the body that brings all counts of a person."""
        return self.person_rows * _BYTES_A_ROW + self.max_request_bytes

    @property
    def max_head_bytes(self) -> int:
        """The most bytes of a request's address and header fields."""
        return self.max_request_bytes + _HEADER_BYTES

    @field_validator("models", mode="before")
    @classmethod
    def _read_models(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        folders: dict[str, str] = {}
        for part in value.split(","):
            name, _, folder = (piece.strip() for piece in part.partition("="))
            if not _MODEL_NAME.fullmatch(name) or not folder or name in folders:
                raise rule_broken("must be name=folder,name2=folder2, each name once")
            folders[name] = folder
        return folders

    @field_validator("default_limit")
    @classmethod
    def _within_max_limit(cls, value: int, info: ValidationInfo) -> int:
        most = info.data.get("max_limit", value)
        if value > most:
            raise rule_broken(f"must be at most max_limit, {most}")
        return value

    @field_validator("api_keys", "admin_keys", mode="before")
    @classmethod
    def _read_keys(cls, value: object) -> object:
        return read_keys(value) if isinstance(value, str) else value

    @field_validator("rate_limit", mode="after")
    @classmethod
    def _check_rate(cls, value: str | None) -> str | None:
        if value is not None and not _RATE_LIMIT.fullmatch(value):
            raise rule_broken("must be a number per second, minute, hour or day, as 600/minute, or none")
        return value

    @field_validator("rate_limit_storage", mode="after")
    @classmethod
    def _check_storage(cls, value: str | None) -> str | None:
        if value is not None and not _REDIS.fullmatch(value):
            raise rule_broken("must be an address such as redis://host:6379 or rediss://host:6379, or none")
        return value

    @field_validator("workers", mode="after")
    @classmethod
    def _can_work_together(cls, value: int, info: ValidationInfo) -> int:
        if value > 1 and not hasattr(os, "fork"):
            raise rule_broken("must be 1 on this system, which cannot fork")
        if value > 1 and info.data.get("rate_limit") and not info.data.get("rate_limit_storage"):
            raise rule_broken(
                f"must be 1 where {variable('rate_limit')} has no {variable('rate_limit_storage')}: "
                "each worker would count for itself"
            )
        return value

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _check_proxies(cls, value: str) -> str:
        if value in ("*", "none"):
            return value
        try:
            for part in value.split(","):
                ip_network(part.strip())
        except ValueError:
            raise rule_broken(
                "must be addresses or networks, as 10.0.0.0/8, separated by commas, or * or none"
            ) from None
        return value

    @field_validator("traces", mode="after")
    @classmethod
    def _check_traces(cls, value: str | None) -> str | None:
        if value is not None and not _COLLECTOR.fullmatch(value):
            raise rule_broken("must be an address such as http://host:4318, or none")
        return value

    @field_validator("database", mode="after")
    @classmethod
    def _check_database(cls, value: str | None) -> str | None:
        if value not in (None, OWN_SQLITE) and not (_DATABASE.fullmatch(value) and ":memory:" not in value):
            raise rule_broken("must be sqlite, sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME, or none")
        return value

    @field_validator("offensive_words", "rate_limit", "rate_limit_storage", "traces", "database", mode="before")
    @classmethod
    def _read_none(cls, value: object) -> object:
        return None if value == "none" else value

    @field_validator("vocabularies", mode="before")
    @classmethod
    def _read_vocabularies(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = tuple(part.strip() for part in value.split(",") if part.strip())
        if not all(re.fullmatch(VOCABULARY_NAME, name) for name in names) or len(names) > MOST_ASKED_VOCABULARIES:
            raise rule_broken(f"must be at most {MOST_ASKED_VOCABULARIES} names, as products,team")
        return names

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _read_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        origins = tuple(part.strip() for part in value.split(",") if part.strip())
        if not all(map(_ORIGIN.fullmatch, origins)):
            raise rule_broken("must be origins such as https://a.example, separated by commas, or *")
        return origins


def variable(name: str) -> str:
    """Name the environment variable of a setting."""
    return PREFIX + name.upper()


def option(name: str) -> str:
    """Name the command-line option of a setting."""
    return "--" + name.replace("_", "-")


def read_settings(options: dict[str, str] | None = None) -> Settings:
    """Read the settings from the environment; ``options`` of the command line go before its variables.

    Raises ``SettingsError`` with one line about the first setting that breaks its rule.
    """
    given = options or {}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first: dict[str, Any] = dict(error.errors()[0])
        name = str(first["loc"][0])
        if name in _SECRET:
            first["input"] = object()
        shown = option(name) if name in given else variable(name)
        raise SettingsError(sentence(shown, first, quotes=False)) from None
