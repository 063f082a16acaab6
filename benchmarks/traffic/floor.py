"""The floor of the HTTP stack: a FastAPI app with a constant answer. ``python -m benchmarks.traffic.floor --port N``.

It has the response model of the service and uvicorn's settings of the service, no middleware, and does not look at the
request.
"""

import argparse

import uvicorn
from fastapi import FastAPI

from app.schemas.suggestions import Span, Suggestion, SuggestionAnswer

_ANSWER = SuggestionAnswer(
    suggestions=[
        Suggestion(text="appointment", insert="appointment", probability=0.867386, kind="completion"),
        Suggestion(text="apple", insert="apple", probability=0.053125, kind="completion"),
        Suggestion(text="appropriate", insert="appropriate", probability=0.018621, kind="completion"),
        Suggestion(text="application", insert="application", probability=0.011875, kind="completion"),
        Suggestion(text="approach", insert="approach", probability=0.006312, kind="completion"),
    ],
    prefix="app",
    replace=Span(start=16, end=19),
    model="en",
)

app = FastAPI()


@app.post("/complete")
@app.post("/next-word")
async def answer() -> SuggestionAnswer:
    """Always the same."""
    return _ANSWER


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traffic.floor", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    uvicorn.run(
        "benchmarks.traffic.floor:app",
        port=options.port,
        workers=options.workers,
        http="httptools",
        loop="uvloop",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
    )
