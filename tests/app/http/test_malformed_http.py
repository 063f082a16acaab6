"""Two hundred broken requests over a socket: each is answered or its connection ends, and none harms the service."""

import random
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

# A request that the server waits for the rest of is ended by the client after so long a silence.
QUIET_SECONDS = 0.3
# Then the connection ends; this is only there so that a fault ends the test.
MOST_SECONDS = 30.0

BODY = b'{"text": "the app", "limit": 3}'
HEAD = b"POST /complete HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
GOOD = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"
GET = b"GET /complete?text=app&limit=2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: abc\r\n\r\n"

Mutation = Callable[[random.Random, bytes], bytes]


def method(rng: random.Random, request: bytes) -> bytes:
    bad = [b"", b"get", b"POST\t", b"G\x00T", b"\xff\xfe", b"PROPFIND", b"CONNECT", b"PRI", b"A" * 9000, b"POST POST"]
    return rng.choice(bad) + b" " + request.split(b" ", 1)[1]


def version(rng: random.Random, request: bytes) -> bytes:
    bad = [b"HTTP/9.9", b"HTTP/0.9", b"HTTP/1", b"http/1.1", b"HTTP/1.1.1", b"", b"ICY/1.0", b"HTTP/2.0", b"HTTP/-1.1"]
    return request.replace(b"HTTP/1.1", rng.choice(bad), 1)


def target(rng: random.Random, request: bytes) -> bytes:
    bad = [b"*", b"//", b"http://[::1", b"/\x00", b"/%zz", b"/complete?\xff=\xfe", b"/" + b"../" * 99, b"?", b"/#", b""]
    first, rest = request.split(b"\r\n", 1)
    return first.split(b" ")[0] + b" " + rng.choice(bad) + b" HTTP/1.1\r\n" + rest


def header(rng: random.Random, request: bytes) -> bytes:
    bad = [
        b"no colon here",
        b": no name",
        b" folded: line",
        b"Name : space",
        b"X: \x00\x01",
        b"X: \xff\xfe\xfd",
        b"Content-Length: -1",
        b"Content-Length: 1e3",
        b"Content-Length: 4, 5",
        b"Content-Length: " + b"9" * 30,
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: gzip",
        b"Expect: 200-ok",
        b"Upgrade: h2c\r\nConnection: Upgrade",
        b"Connection: \x7f",
        b"Host: a\r\nHost: b",
        b"Authorization: Bearer \xe9" + b"x" * 99,
        b"X-Forwarded-For: " + b"1.2.3.4, " * 500,
    ]
    first, rest = request.split(b"\r\n", 1)
    return first + b"\r\n" + rng.choice(bad) + b"\r\n" + rest


def huge(rng: random.Random, request: bytes) -> bytes:
    first, rest = request.split(b"\r\n", 1)
    if rng.random() < 0.5:
        return first + b"\r\nX: " + b"x" * rng.randrange(10_000, 500_000) + b"\r\n" + rest
    return first + b"\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(rng.randrange(500, 5000))) + rest


def chunks(rng: random.Random, request: bytes) -> bytes:
    bad = [
        b"zz\r\n",
        b"-5\r\nhello",
        b"ffffffffffffffffff\r\n",
        b"5\r\nhel",
        b"5\nhello\n",
        b"5;a=\x00\r\nhello\r\n",
        b"\r\n",
    ]
    good = b"5\r\nhello\r\n" * rng.randrange(4)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + good + rng.choice(bad)


def truncated(rng: random.Random, request: bytes) -> bytes:
    return request[: rng.randrange(len(request))]


def flipped(rng: random.Random, request: bytes) -> bytes:
    made = bytearray(request)
    for _ in range(rng.randint(1, 6)):
        made[rng.randrange(len(made))] = rng.randrange(256)
    return bytes(made)


def spliced(rng: random.Random, request: bytes) -> bytes:
    cut = rng.randrange(len(request))
    return request[:cut] + rng.choice([GOOD, CHUNKED, GET, b"\r\n\r\n", bytes(50)]) + request[cut:]


MUTATIONS: list[Mutation] = [method, version, target, header, huge, chunks, truncated, flipped, spliced]
# Different requests of each kind: 207 together.
EACH = 23


def statuses(address: str, request: bytes) -> list[int]:
    """The statuses of what is answered until the server closes."""
    parts = urlsplit(address)
    answer = bytearray()
    with socket.create_connection((parts.hostname, parts.port), timeout=MOST_SECONDS) as connection:
        try:
            connection.sendall(request)
            connection.settimeout(QUIET_SECONDS)
            with suppress(TimeoutError):
                receive(connection, answer)
            connection.settimeout(MOST_SECONDS)
            connection.shutdown(socket.SHUT_WR)
            receive(connection, answer)
        except TimeoutError:
            raise
        except OSError:
            pass  # closed by the server, before it had read everything or after
    return [int(line.split()[1]) for line in bytes(answer).split(b"\r\n") if line.startswith(b"HTTP/1.")]


def receive(connection: socket.socket, answer: bytearray) -> None:
    """Add all that comes until the other side closes."""
    while piece := connection.recv(65536):
        answer += piece


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_a_broken_request_gets_no_500_and_does_not_hang(server: str, mutate: Mutation) -> None:
    rng = random.Random(mutate.__name__)
    requests: list[bytes] = []
    while len(requests) < EACH:
        made = mutate(rng, rng.choice([GOOD, CHUNKED, GET]))
        if made not in requests:
            requests.append(made)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda request: statuses(server, request), requests))
    for request, found in zip(requests, answers, strict=True):
        assert all(200 <= status < 500 for status in found), request[:200]
    for request in (GOOD, CHUNKED, GET):
        assert statuses(server, request) == [200]
    usual = {"Content-Type": "application/json"}
    assert httpx.post(f"{server}/complete", content=BODY, headers=usual).json()["prefix"] == "app"
