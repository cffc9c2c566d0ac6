"""What goes in and out over HTTP: the contract as pydantic models. OpenAPI is generated from it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from tools.address import Address

SiteId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
# An id that is no UUID names nothing: that is a 404 like any unknown one, so it comes in as text.
GivenId = Annotated[str, StringConstraints(max_length=64)]
ClientId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}$")]
# Text that a database can keep: no NUL, and (the pattern forces the check) no half of a surrogate pair.
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Token = Annotated[str, StringConstraints(max_length=4096)]
# One line that is not blank and has no control characters.
LINE = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
Tag = Annotated[str, StringConstraints(pattern=LINE, min_length=1, max_length=40, strip_whitespace=True)]


def spoken(about: str) -> WithJsonSchema:
    """What the contract says of people's words; the door refuses what is not so, under names of its own."""
    told: dict[str, Any] = {"type": "string", "format": "words", "minLength": 1, "maxLength": 4_000}
    limits = "Not blank; at most one character in twenty is a control, unassigned or private one."
    return WithJsonSchema(told | {"description": f"{about} {limits}"})


# As events spell it, too: the same message is the same JSON everywhere.
Moment = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class Given(BaseModel):
    """The parent of every request body: unknown fields are refused, so that a typo is seen."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Every error: the name of its kind, and a sentence that says what to do."""

    error: str = Field(examples=["ThreadNotFound"])
    detail: str


class SessionAsked(Given):
    """A new conversation; or, with `thread_id` and the old token as Bearer, a new token for one."""

    site_id: SiteId
    thread_id: GivenId | None = None
    identity_token: Token | None = Field(None, description="JWT (HS256, the site's identity secret): `email`, `exp`.")


class People(BaseModel):
    """Whether the site's people are there. `opens_at`: when they are next; null while they are, or where none come."""

    open: bool
    opens_at: Moment | None


class SessionMade(BaseModel):
    """The token is short-lived; show it again, also when expired, to get the next one."""

    thread_id: UUID
    visitor_token: str
    expires_at: datetime
    people: People


class MessageSent(Given):
    """What the visitor says. The same `client_msg_id` twice is one message."""

    thread_id: GivenId
    user_msg: Annotated[str, spoken("What the visitor says.")]
    client_msg_id: ClientId


class MessageAccepted(BaseModel):
    """`turn_id` is null while a person has the conversation: then the agent is silent."""

    thread_id: UUID
    message_id: UUID
    turn_id: UUID | None


class Citation(BaseModel):
    """A source of an answer; `[n]` in the text points to it.

    `quote` is characters `start` to `end` of the document's text, on `page` of a PDF; `link` leads to it ("" where no
    address does). Answers from before places were kept have none.
    """

    model_config = ConfigDict(extra="ignore")

    n: int
    doc_id: str
    title: str
    url: str
    section: str
    quote: str
    page: int | None = None
    start: int | None = None
    end: int | None = None
    link: str = ""


class TranscriptAsked(Given):
    """Where to send the conversation; without `email`, to the address that is known."""

    thread_id: GivenId
    email: Address | None = None


class TranscriptSent(BaseModel):
    """It leaves within seconds, if the address takes mail."""

    email: str


class MessageShown(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: Literal["visitor", "agent", "staff", "system"]
    content: str
    author: str = Field("", description="Of staff's words: the name of whoever answers.")
    citations: list[Citation]
    created_at: Moment


class ThreadShown(BaseModel):
    """A conversation, oldest message first. `status` says who has it."""

    thread_id: UUID
    status: Literal["bot", "waiting", "person", "closed"]
    messages: list[MessageShown]


class HandoffAsked(Given):
    """The visitor wants a person."""

    thread_id: GivenId
    reason: Annotated[Words, StringConstraints(max_length=500, strip_whitespace=True)] = ""


class HandoffMade(BaseModel):
    """The conversation is in the queue for a person, or with one; asking twice is asking once."""

    thread_id: UUID
    handoff_id: UUID
    status: Literal["bot", "waiting", "person", "closed"]


class FeedbackGiven(Given):
    """A thumb on one message of the agent; the last one counts."""

    message_id: GivenId
    thumbs: Literal["up", "down"]
    tags: list[Tag] = Field(default=[], max_length=10)


class MessageLeft(Given):
    """A message for the team, to be answered by e-mail. The same `client_msg_id` twice is one."""

    thread_id: GivenId
    name: Annotated[str, StringConstraints(pattern=LINE, min_length=1, max_length=100, strip_whitespace=True)]
    email: Address
    question: Annotated[str, spoken("What the team is to answer.")]
    client_msg_id: ClientId


class MessageTaken(BaseModel):
    """The ticket, under the number by which visitor and staff call it."""

    ticket_number: int


class DataErased(BaseModel):
    """Everything is deleted; the receipt names it, and nobody."""

    receipt: UUID


class SiteOffer(BaseModel):
    """What a site's chat offers now, the same for every visitor. `people` is null where none are told."""

    people: People | None
    transcript_by_email: bool


class FeedbackKept(BaseModel):
    """What is stored now."""

    message_id: UUID
    thumbs: Literal["up", "down"]
    tags: list[str]


class QueryAsked(Given):
    """A question to a site's knowledge, without a visitor."""

    site_id: SiteId
    question: Annotated[str, spoken("What is asked of the site's documents.")]
    k: int = Field(3, ge=1, le=8)
    api_key: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="Or send it in the X-API-Key header."
    )


class Hit(BaseModel):
    """One passage that search found, best first.

    `quote` is the part that fits the question best: characters `start` to `end` of the document's text, null where the
    document was read before places were kept; `page` of a PDF. `link` leads to it, or is "".
    """

    id: str
    doc_id: str
    title: str
    section: str
    url: str
    text: str
    score: float
    quote: str
    page: int | None
    start: int | None
    end: int | None
    link: str


class QueryAnswered(BaseModel):
    """The agent's answer with its citations, and what search found for the question."""

    answer: str
    hits: list[Hit]
    citations: list[Citation]


class Knowledge(BaseModel):
    """What one site knows. `index` is ok, stale or empty; `advice` says what to do, where there is something."""

    index: str
    documents: dict[str, int]
    oldest_waiting_s: int
    model: str | None
    next_model: str | None
    advice: str


class Readiness(BaseModel):
    """Each part is "ok", or says in a sentence what is wrong with it.

    `degraded` names what rests after failures. It does not take the API out of service: a person can still be called.
    """

    ready: bool
    parts: dict[str, str]
    degraded: dict[str, str]
    knowledge: dict[str, Knowledge] = {}


class EventAccepted(BaseModel):
    """`state`: accepted; known: it came before, and `id` is the first one's; conflict: its id had another body."""

    id: UUID
    state: Literal["accepted", "known", "conflict"]


class EventState(BaseModel):
    """`state`: pending, done, ignored, dead or conflict; `reason` says why."""

    id: UUID
    state: str
    reason: str
    attempts: int
