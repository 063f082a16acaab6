"""What is forgotten, in every way there is, is nowhere."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.app.people.test_people_routes import learn, offered


@pytest.mark.parametrize("way", ["word", "person", "import"])
def test_after_each_way_of_forgetting_it_is_nowhere(client: TestClient, tmp_path: Path, way: str) -> None:
    learn(client, "a")
    learn(client, "b")
    assert "Kubeflow" in offered(client, "the Kub", "a")
    if way == "word":
        assert client.delete("/users/a/words/KUBEFLOW").status_code == 200
    elif way == "person":
        assert client.delete("/users/a").json()["texts"] == 0
    else:
        empty = client.get("/users/nobody/export").json()
        assert client.put("/users/a/export", json=empty).status_code == 200
    assert "Kubeflow" not in offered(client, "the Kub", "a") | offered(client, "I like ", "a", "/next-word")
    assert "Kubeflow" not in client.get("/users/a/words").text + client.get("/users/a/export").text
    assert client.delete("/users/b").status_code == 200
    for _ in range(500):
        if not any(b"Kubeflow" in path.read_bytes() for path in tmp_path.iterdir()):
            break
        time.sleep(0.02)
    else:
        pytest.fail("it is in a file still")
    learn(client, "a")
    assert ("Kubeflow" in offered(client, "the Kub", "a")) is (way != "word")
    if way == "word":
        assert client.put("/users/a/words/Kubeflow").status_code == 200
        assert "Kubeflow" in offered(client, "the Kub", "a")


def test_a_word_of_the_model_can_be_forgotten_too(client: TestClient) -> None:
    assert "dogs" in offered(client, "the do", "a")
    client.delete("/users/a/words/dogs")
    assert "dogs" not in offered(client, "the do", "a") | offered(client, "the ", "a", "/next-word")
    assert "dogs" in offered(client, "the do", "b")


def test_a_word_passed_over_five_times_is_offered_no_more(client: TestClient) -> None:
    learn(client, "a", "Kubeflow Kubeflow")
    for i in range(5):
        assert "Kubeflow" in offered(client, "the Kub", "a")
        learn(client, "a", f"the Kubect{'lmnop'[i]}")
    assert "Kubeflow" not in offered(client, "the Kub", "a")
    learn(client, "a", "Kubeflow")
    assert "Kubeflow" in offered(client, "the Kub", "a")
