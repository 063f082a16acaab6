"""The operation that answers a message."""

from fastapi import APIRouter

from app.api.json_routes import StrictRoute, TheOwner, TheService
from app.api.refusals import ASKED, BODY, FIELDS, UNAVAILABLE
from app.errors import NoRepliesError
from app.problems import responses
from app.schemas.replies import ReplyAnswer, ReplyRequest

reply_router = APIRouter(route_class=StrictRoute, generate_unique_id_function=lambda route: route.name)


@reply_router.post(
    "/reply",
    summary="Answer a message",
    tags=["suggestions"],
    responses=responses(*ASKED, NoRepliesError, *BODY, *FIELDS, *UNAVAILABLE),
)
async def reply(body: ReplyRequest, service: TheService, _: TheOwner) -> ReplyAnswer:
    """Offer short replies to a message, such as a person may send as they are.

    Replies come from a list of the model: frequent ones, and some written for everyday occasions (an invitation,
    thanks, bad news), *yes* beside *no*. Answers those that the message makes likelier, no two that say the same. There
    may be none: where nothing fits, where the message has no word or mostly words that the model does not know, or
    where it has words that the service would not offer. No reply has such words, a number, or a name that the message
    does not hold. What a reply says about you is a guess, so let a person choose.

    Where the model has no replies, it is a 404; `/models` tells which has. Messages are answered one at a time, some
    tenth of a second each; where 32 wait in a worker, the next get a 503.
    """
    return await service.reply(body)
