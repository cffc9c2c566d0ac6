"""`GET /api/agent/receipts/{id}`: what became of what was erased, signed. The id is a secret that leads to nobody."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from core.db import reading
from orchestrator import receipts
from orchestrator.receipts import ReceiptNotFound
from web import limits
from web.chat import PROBLEMS
from web.deps import Chosen
from web.schemas import GivenId

router = APIRouter(prefix="/api/agent", tags=["visitor"], responses=PROBLEMS)


class Elsewhere(BaseModel):
    """Copies at one service: how many are gone, wait to be taken away, and could not be."""

    done: int
    waiting: int
    failed: int


class OutOfReach(BaseModel):
    """What nobody can call back; at least `count` of it."""

    what: Literal["mail", "notices", "models", "slack_words", "helpdesk_mail"]
    count: int
    means: str


class Seen(BaseModel):
    """How many tables, keys of Valkey's, and files of the home were looked through."""

    tables: int
    keys: int
    files: int


class Found(BaseModel):
    """A place where something still was."""

    place: str
    count: int


class Probe(BaseModel):
    """A look through everything, after it was erased: nothing was left where `found` is empty."""

    at: str
    looked: Seen
    found: list[Found]
    not_read: list[str]


class ErasureReceipt(BaseModel):
    """What was erased, as things stand when it is given. `signature` is over all the rest: `handrail receipt verify`.

    `ids` are those of the conversations (and the visitor); they lead nowhere any more. `probe` is null until it ran.
    """

    form: Literal[1]
    id: UUID
    site: str
    erased_at: str
    erased_by: Literal["visitor", "wordpress", "staff", "operator"]
    counts: dict[str, int]
    ids: list[str]
    elsewhere: dict[str, Elsewhere] = Field(description="By service: slack, helpdesk.")
    out_of_reach: list[OutOfReach]
    probe: Probe | None
    issued_at: str
    signature: str


@router.get("/receipts/{receipt_id}", response_model=ErasureReceipt)
def show_receipt(receipt_id: GivenId, request: Request, settings: Chosen) -> Response:
    """The receipt of an erasure, to be kept and checked later. Asks for no token: the visitor's is gone."""
    limits.count(request, settings, limits.READ)
    try:
        id_ = UUID(receipt_id)
    except ValueError:
        raise ReceiptNotFound from None
    with reading() as session:
        told = receipts.receipt(session, id_)
    # As it is: what is signed must reach whoever checks it without a field more or less.
    return Response(receipts.as_text(told), media_type="application/json", headers={"Cache-Control": "no-store"})
