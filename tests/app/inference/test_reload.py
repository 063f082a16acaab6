"""Models that are loaded anew while the service answers: no request fails, none meets half a model."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.inference import model_set
from app.keys import read_keys
from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model, save_model
from tests.app.api.test_errors import refused
from tests.app.counting import counting
from tests.app.http.test_keys import ADMIN, bearer
from tests.model.tiny_model import random_model
from tests.serving import serving


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model folder that a test may write into."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def train_again(folder: Path) -> None:
    """Another model in the same folder."""
    made = random_model(cell="gru")
    save_model(folder, made.vocabulary, made.network, {"training": {"tokens": 2000}})


def engines() -> int:
    """How many engines run."""
    return sum(thread.name == "engine" for thread in threading.enumerate())


def damage(folder: Path) -> None:
    (folder / "words.txt").write_text("no words\n")


def app_of(folder: Path, **settings: Any) -> FastAPI:
    return create_app(Settings(models={"mine": folder}, **settings).model_copy(update={"admin_keys": read_keys(ADMIN)}))


def reload(client: "TestClient | httpx.Client") -> Any:
    return client.post("/models/reload", headers=bearer(ADMIN))


def answer(client: "TestClient | httpx.Client") -> Any:
    return client.get("/complete", params={"text": "the dog eats a"}).json()["suggestions"]


def test_a_new_model_takes_the_place_of_the_old_one(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with TestClient(app_of(folder)) as client:
        (old,) = client.get("/models").json()["models"]
        assert reload(client).json()["models"][0] == old, "the same files are the same version"
        before = answer(client)
        train_again(folder)
        assert answer(client) == before
        with caplog.at_level(logging.INFO, "tsuzuki"):
            response = reload(client)
        assert (response.status_code, response.json()) == (200, client.get("/models").json())
        (new,) = response.json()["models"]
        assert (new["cell"], new["training"]) == ("gru", {"tokens": 2000})
        assert new["version"] != old["version"]
        assert answer(client) != before
        (record,) = [record for record in caplog.records if record.getMessage() == "models reloaded"]
        assert record.__dict__["fields"] == {"models": {"mine": new["version"]}}
        assert f'version="{new["version"]}"' in client.get("/metrics").text
        assert client.get("/health/ready").status_code == 200


def test_where_the_new_model_is_bad_the_old_one_stays(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with TestClient(app_of(folder)) as client:
        before, models = answer(client), client.get("/models").json()
        damage(folder)
        with caplog.at_level(logging.ERROR, "tsuzuki"):
            status, detail = refused(reload(client))
        assert status == 422
        assert detail.startswith("the loaded models stay, for the new ones cannot be loaded: ")
        reason = detail.partition("loaded: ")[2]
        assert reason.startswith(f"{folder}/words.txt: ")
        (record,) = caplog.records
        assert (record.getMessage(), record.__dict__["fields"]) == ("reload failed", {"detail": reason})
        assert (answer(client), client.get("/models").json()) == (before, models)
        train_again(folder)
        assert reload(client).status_code == 200


def test_a_failure_of_ours_while_it_warms_up_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TestClient(app_of(folder)) as client:
        before, running = answer(client), engines()
        broken, network = counting(load_model(folder))
        network.error = ZeroDivisionError()
        monkeypatch.setattr(model_set, "load_models", lambda settings: {"mine": broken})
        assert refused(reload(client))[0] == 500
        assert answer(client) == before
        assert engines() == running, "the engine of the broken model has ended"
        monkeypatch.undo()
        assert reload(client).status_code == 200


def test_of_two_reloads_at_once_the_second_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    load = model_set.load_models

    def slowly(settings: Settings) -> dict[str, LanguageModel]:
        begun.set()
        assert go_on.wait(60)
        return load(settings)

    with TestClient(app_of(folder)) as client, ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(model_set, "load_models", slowly)
        first = pool.submit(reload, client)
        assert begun.wait(60)
        second = reload(client)
        while_loading = answer(client)
        go_on.set()
        assert refused(second) == (409, "the models are being reloaded already")
        assert while_loading
        assert first.result(60).status_code == 200
        assert reload(client).status_code == 200


def test_a_request_under_way_is_finished_by_the_old_model(folder: Path) -> None:
    old, network = counting(load_model(folder))
    settings = Settings(models={"mine": folder}).model_copy(update={"admin_keys": read_keys(ADMIN)})
    words = {"text": "my dog eats fod and the cat eats fod", "all": True}
    with TestClient(create_app(settings, {"mine": old})) as client, ThreadPoolExecutor(2) as pool:
        train_again(folder)
        network.go_on.clear()
        network.in_step.clear()
        try:
            under_way = pool.submit(client.post, "/correct", json=words)
            assert network.in_step.wait(60)
            reloading = pool.submit(reload, client)
            while client.get("/models").json()["models"][0]["cell"] != "gru":
                assert not reloading.done(), "it waits for the old model's requests"
            read_before = network.tokens_read
            assert answer(client), "the new model answers already"
            assert network.tokens_read == read_before
            assert not under_way.done() and not reloading.done()
        finally:
            network.go_on.set()
        assert under_way.result(60).status_code == 200
        assert reloading.result(60).status_code == 200
        assert network.tokens_read > read_before + 2, "all its words were read by the old model"


def test_under_load_no_request_fails(folder: Path) -> None:
    stop = threading.Event()

    def ask(address: str, i: int) -> list[int]:
        found: list[int] = []
        texts = ["the dog eats a", "my cat", "a big world and the", "I am"]
        with httpx.Client(base_url=address, timeout=60) as client:
            while not stop.is_set():
                text = f"{texts[(i + len(found)) % 4]} {'the ' * (len(found) % 7)}a"
                if len(found) % 3:
                    found.append(client.post("/complete", json={"text": text}).status_code)
                else:
                    found.append(client.post("/correct", json={"text": text, "all": True}).status_code)
        return found

    with serving(app_of(folder)) as address, ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(ask, address, i) for i in range(6)]
        with httpx.Client(base_url=address, timeout=60) as client:
            statuses = []
            for i in range(6):
                if i == 3:
                    damage(folder)
                else:
                    train_again(folder)
                statuses.append(reload(client).status_code)
        stop.set()
        answers = [status for task in asking for status in task.result(60)]
    assert statuses == [200, 200, 200, 422, 200, 200]
    assert len(answers) > 20 and set(answers) == {200}


def test_the_signal_reloads_and_the_log_tells(folder: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "app", "--port", "0", "--models", f"mine={folder}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stderr is not None
            lines = map(json.loads, process.stdout)
            started = next(line for line in lines if line["message"].startswith("Uvicorn running on "))
            address = started["message"].removeprefix("Uvicorn running on ").split()[0]
            train_again(folder)
            process.send_signal(signal.SIGHUP)
            told = next(line for line in lines if line["message"] == "models reloaded")
            (model,) = httpx.get(f"{address}/models").json()["models"]
            assert (model["cell"], model["version"]) == ("gru", told["models"]["mine"])
            damage(folder)
            process.send_signal(signal.SIGHUP)
            failed = next(line for line in lines if line["level"] == "error")
            assert failed["message"] == "reload failed" and f"{folder}/words.txt" in failed["detail"]
            assert httpx.get(f"{address}/complete?text=a").status_code == 200
            process.send_signal(signal.SIGTERM)
            assert "Application shutdown complete." in [line["message"] for line in lines]
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_matrix_products_keep_their_number_of_threads(folder: Path) -> None:
    # In a process of its own: the number of threads belongs to the process.
    script = f"""
import numpy
from fastapi.testclient import TestClient
from threadpoolctl import threadpool_info
from app.main import create_app
from app.settings import read_settings

def threads():
    return {{library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}}

settings = read_settings({{"models": "mine={folder}", "blas_threads": "1", "admin_keys": "{ADMIN}"}})
with TestClient(create_app(settings)) as client:
    before = threads()
    assert client.post("/models/reload", headers={{"X-API-Key": "{ADMIN}"}}).status_code == 200
    assert threads() == before == {{1}}, threads()
"""
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "2"})
