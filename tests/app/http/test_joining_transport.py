"""What is written comes out whole and in order, and a head with its body."""

import asyncio
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from app.http.joining_transport import JoiningTransport


class Written:
    """Stands for the transport of a connection."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.is_open = True

    def write(self, data: bytes) -> None:
        assert self.is_open
        self.parts.append(data)

    def close(self) -> None:
        self.is_open = False

    def get_extra_info(self, name: str) -> str:
        return name


def joining(written: Written) -> JoiningTransport:
    return JoiningTransport(cast(Any, written), asyncio.get_running_loop())


def test_head_and_body_are_written_together() -> None:
    async def answer(written: Written) -> None:
        transport = joining(written)
        for _ in range(2):  # the answers to two requests that came together
            transport.write(b"head")
            transport.write(b"body")
        transport.write(b"")

    written = Written()
    asyncio.run(answer(written))
    assert written.parts == [b"headbody", b"headbody"]


def test_a_head_alone_is_written_in_the_next_turn_or_at_the_end() -> None:
    async def answer(written: Written) -> None:
        transport = joining(written)
        transport.write(b"head")
        assert written.parts == []
        await asyncio.sleep(0)
        assert written.parts == [b"head"]
        transport.write(b"last")
        transport.close()
        assert written.parts == [b"head", b"last"] and not written.is_open
        assert transport.get_extra_info("peername") == "peername"

    asyncio.run(answer(Written()))


@given(st.lists(st.one_of(st.binary(max_size=5), st.none()), max_size=30))
def test_nothing_is_lost_and_all_is_in_order(writes: list[bytes | None]) -> None:
    async def write(written: Written) -> None:
        transport = joining(written)
        for data in writes:
            if data is None:  # another turn
                await asyncio.sleep(0)
            else:
                transport.write(data)
        transport.close()
        await asyncio.sleep(0)

    written = Written()
    asyncio.run(write(written))
    assert b"".join(written.parts) == b"".join(data for data in writes if data)
