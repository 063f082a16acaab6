"""More requests than the service can bear: each is answered rightly or refused at once, and then all is as before."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import httpx

from model.lm.language_model import LanguageModel
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.serving import serving

WAITING = 4
PEOPLE = 24
TEXTS = [f"{one} {two} a" for one in ("the", "my", "a", "big", "dog") for two in ("dog", "cat", "world", "food", "big")]


def agree(answer: Any, expected: Any) -> bool:
    """Whether they are the same but for the rounding of batches of another size."""
    if [s["text"] for s in answer["suggestions"]] != [s["text"] for s in expected["suggestions"]]:
        return False
    pairs = zip(answer["suggestions"], expected["suggestions"], strict=True)
    return answer["replace"] == expected["replace"] and all(
        abs(one["probability"] - other["probability"]) < 1e-4 for one, other in pairs
    )


def refused_cleanly(response: httpx.Response) -> bool:
    return (
        response.status_code == 503
        and response.headers["Retry-After"] == "1"
        and response.json()["detail"].startswith(f"{WAITING} requests are waiting already")
    )


def test_what_is_too_much_is_refused_at_once_and_the_rest_is_answered(
    make_app: MakeApp, tiny_model: LanguageModel
) -> None:
    model, network = counting(tiny_model)
    with serving(make_app(model, queue_limit=WAITING)) as address, httpx.Client(base_url=address, timeout=60) as client:
        texts = TEXTS[:PEOPLE]
        network.go_on.clear()
        with ThreadPoolExecutor(PEOPLE) as pool:
            try:
                asked = {pool.submit(client.post, "/complete", json={"text": text}): text for text in texts}
                responses = as_completed(asked)
                # While the network stands still, all the others are refused, and the health checks are answered.
                for _ in range(PEOPLE - WAITING):
                    assert refused_cleanly(next(responses).result())
                assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200
            finally:
                network.go_on.set()
            answered = {asked[future]: future.result() for future in responses}
        assert len(answered) == WAITING
        for text, response in answered.items():
            assert response.status_code == 200
            assert agree(response.json(), client.post("/complete", json={"text": text}).json())


def test_every_answer_under_a_storm_is_right_or_a_clean_refusal(make_app: MakeApp) -> None:
    with serving(make_app(queue_limit=WAITING)) as address, httpx.Client(base_url=address, timeout=60) as client:
        paths = ("/complete", "/next-word", "/correct")
        expected = {(path, text): client.post(path, json={"text": text}).json() for path in paths for text in TEXTS}

        def storm(person: int) -> Counter[str]:
            found: Counter[str] = Counter()
            for path, text in list(expected)[person:] + list(expected)[:person]:
                response = client.post(path, json={"text": text})
                if response.status_code == 200:
                    assert agree(response.json(), expected[path, text])
                else:
                    assert refused_cleanly(response)
                found[path if response.status_code == 200 else "refused"] += 1
            return found

        with ThreadPoolExecutor(PEOPLE) as pool:
            found = sum(pool.map(storm, range(PEOPLE)), Counter[str]())
        assert found.total() == PEOPLE * len(expected)
        assert all(found[path] for path in paths)
        # Nobody waits, and nothing is refused any more.
        assert 'tsuzuki_waiting_requests{model="tiny"} 0.0' in client.get("/metrics").text
        for (path, text), answer in expected.items():
            assert agree(client.post(path, json={"text": text}).json(), answer)
        assert client.get("/health/ready").status_code == 200
