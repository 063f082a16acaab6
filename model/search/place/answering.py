"""A place in a text that answers a message: the message counts as a line before the text."""

from collections.abc import Callable

from model.search.place.query import Query


def read_answering(read: Callable[[str, int], Query], message: str | None, text: str, cursor: int) -> Query:
    """Read a place in a text, with the message that it answers as context; ``read`` is a reader's method.

    The span of the query is that in the text itself.
    """
    if not message:
        return read(text, cursor)
    shift = len(message) + 1
    query = read(f"{message}\n{text}", shift + cursor)
    start = query.start - shift
    # A name that is being typed begins in the text, not in the message.
    before = query.before[-start:] if start else ""
    return query._replace(start=start, end=query.end - shift, before=before)
