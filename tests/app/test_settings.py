"""Settings from the environment and from the command line, and what is said about bad ones."""

from pathlib import Path

import pytest

import model
from app.__main__ import main
from app.settings import Settings, SettingsError, option, read_settings, variable


def test_defaults() -> None:
    settings = read_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.models == {"en": Path(model.__file__).parent / "en"}
    assert settings.default_limit <= settings.max_limit


def test_environment_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSUZUKI_PORT", "81")
    monkeypatch.setenv("TSUZUKI_MODELS", "de=/srv/de, fr = models/fr")
    monkeypatch.setenv("TSUZUKI_CORS_ORIGINS", "https://a.example, http://localhost:3000")
    settings = read_settings({"port": "82"})
    assert settings.port == 82, "an option goes before its variable"
    assert list(settings.models.items()) == [("de", Path("/srv/de")), ("fr", Path("models/fr"))]
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")


def test_the_list_of_offensive_words_can_be_replaced_and_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().offensive_words == Path(model.__file__).parent / "lm" / "words" / "offensive.txt"
    assert read_settings({"offensive_words": "mine.txt"}).offensive_words == Path("mine.txt")
    monkeypatch.setenv("TSUZUKI_OFFENSIVE_WORDS", "none")
    assert read_settings().offensive_words is None


MODELS_RULE = "must be name=folder,name2=folder2, each name once"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("host", "", "must not be empty"),
        ("port", "65536", "must be at most 65535"),
        ("port", "tcp://10.0.0.1:80", "must be a whole number"),
        ("models", "/srv/de", MODELS_RULE),
        ("models", "de=", MODELS_RULE),
        ("models", "de=a,de=b", MODELS_RULE),
        ("models", "d e=a", MODELS_RULE),
        ("max_text_length", "0", "must be at least 1"),
        ("max_limit", "many", "must be a whole number"),
        ("default_limit", "51", "must be at most max_limit, 50"),
        ("context_tokens", "0", "must be at least 1"),
        ("cache_megabytes", "-1", "must be at least 0"),
        ("batch_limit", "0", "must be at least 1"),
        ("queue_limit", "0", "must be at least 1"),
        ("blas_threads", "1.5", "must be a whole number"),
        ("workers", "0", "must be at least 1"),
        ("cors_origins", "a.example", "must be origins such as https://a.example, separated by commas, or *"),
        (
            "cors_origins",
            "https://a.example/page",
            "must be origins such as https://a.example, separated by commas, or *",
        ),
        ("traces", "collector:4318", "must be an address such as http://host:4318, or none"),
        ("traces", "http://key@collector", "must be an address such as http://host:4318, or none"),
        ("log_level", "loud", "must be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_bad_value_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, rule: str
) -> None:
    shown = value or "an empty value"
    assert main([option(name), value]) == 2
    assert capsys.readouterr().err == f"tsuzuki: {option(name)}: {shown} is not allowed, it {rule}\n"
    monkeypatch.setenv(variable(name), value)
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert str(error.value) == f"{variable(name)}: {shown} is not allowed, it {rule}"


def test_workers_do_not_count_a_rate_limit_each_for_itself() -> None:
    limited = {"workers": "2", "rate_limit": "600/minute"}
    with pytest.raises(SettingsError, match="must be 1 where TSUZUKI_RATE_LIMIT has no TSUZUKI_RATE_LIMIT_STORAGE"):
        read_settings(limited)
    assert read_settings(limited | {"rate_limit_storage": "redis://127.0.0.1:6379"}).workers == 2
    assert read_settings(limited | {"workers": "1"}).workers == 1
    assert read_settings({"workers": "2"}).workers == 2


def test_an_unusable_model_is_told_in_one_line(
    damaged_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (damaged_folder, tmp_path / "missing"):
        assert main(["--models", f"en={folder}"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"tsuzuki: {folder}/") and err.count("\n") == 1


def test_help_tells_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name in Settings.model_fields:
        assert option(name) in text and variable(name) in text


def test_an_unknown_option_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--prot", "80"])
    assert end.value.code == 2
    assert "--prot" in capsys.readouterr().err
