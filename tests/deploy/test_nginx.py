"""What the proxy answers by itself has the form of the service's errors."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.problems import PROBLEM_TYPE
from benchmarks.traffic.servers import free_port
from scripts.nginx import missing, nginx

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@pytest.mark.parametrize(
    ("status", "path", "fields", "body"),
    [
        (503, "/v1/complete", {}, b"{}"),
        (413, "/v1/complete", {}, b" " * 140_000),
        (414, "/v1/complete?text=" + "a" * 140_000, {}, b""),
        (400, "/v1/complete", {"Content-Length": "x"}, b""),
        (431, "/v1/complete", {"X-Long": "a" * 140_000}, b""),
    ],
)
def test_an_error_of_the_proxy_is_a_problem(
    tmp_path: Path, status: int, path: str, fields: dict[str, str], body: bytes
) -> None:
    with nginx(tmp_path, [free_port()]) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        connection.request("POST", path, body, fields)
        response = connection.getresponse()
        told = json.loads(response.read())
        connection.close()
    assert (response.status, response.headers["Content-Type"]) == (status, PROBLEM_TYPE)
    assert told["type"] == "about:blank" and told["status"] == status
    assert told["title"] and told["detail"]
    assert response.headers["Retry-After"] == ("1" if status == 503 else None)
