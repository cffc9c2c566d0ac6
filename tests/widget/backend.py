"""A small backend that keeps the public contract, with answers by script: what the widget is tested against."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ops.bench.links import TARGET_STYLE
from web import assets

SECURITY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
RETURNS: dict[str, Any] = {
    "n": 1,
    "doc_id": "returns",
    "title": "Returns and refunds",
    "section": "How long you have",
    "url": "/docs/returns",
    "link": "/docs/returns#how-long:~:text=You%20can%20return,days%20of%20delivery.",
    "page": None,
    "quote": "You can return unused gear - with its labels - within 30 days of delivery.",
}
DOCUMENT = (  # longer than a window, with its highlighted text in a colour of its own
    f"<!doctype html><title>Returns</title><style>{TARGET_STYLE}</style>"
    f"<h1>Returns</h1>{'<p>Something else is said here.</p>' * 60}"
    f'<h2 id="how-long">How long</h2>{"<p>And more of it here.</p>" * 30}<p id="said">{RETURNS["quote"]}</p>'
    f"{'<p>Yet something else.</p>' * 60}"
)
ANSWER = ("You can return **unused** gear within 30 days. [1]", "- Keep the labels on\n- Use the prepaid form [9]")


@dataclass
class Thread:
    """One conversation: its messages, its event log, and the token that opens it."""

    thread_id: str
    token: str
    status: str = "bot"
    messages: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)

    def say(
        self,
        role: str,
        content: str,
        *,
        author: str = "",
        citations: tuple[dict[str, Any], ...] = (),
        publish: bool = True,
    ) -> str:
        """Add a message and tell the listeners; the id of the message."""
        message_id = f"{self.thread_id}-m{len(self.messages)}"
        message = {"id": message_id, "role": role, "content": content, "author": author, "citations": list(citations)}
        self.messages.append(message | {"created_at": "2026-11-22T10:00:00Z"})
        if publish:
            self.events.append(("message", self.messages[-1]))
        return message_id


@dataclass
class Script:
    """What a test wants to happen, and what it wants to know afterwards."""

    threads: dict[str, Thread] = field(default_factory=dict)
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, list[Response]] = field(default_factory=dict)
    answer: tuple[str, ...] = ANSWER
    citations: tuple[dict[str, Any], ...] = (RETURNS,)
    pause_s: float = 0.02
    hold: bool = False
    mute: bool = False
    removed: str = ""  # what is taken out of a message before it is kept

    def count(self, method: str, path: str) -> int:
        """How often the widget called this."""
        return sum(1 for call in self.calls if call[:2] == (method, path))


def error(status: int, name: str, detail: str, **headers: str) -> JSONResponse:
    """An error as the contract writes it."""
    return JSONResponse({"error": name, "detail": detail}, status, headers)


async def answer_turn(script: Script, thread: Thread, turn_id: str) -> None:
    """The script of one turn; waits at `hold` when it is half said."""
    if script.mute:
        thread.say("agent", "Answered without a stream.", publish=False)
        return
    for state in ("thinking", "searching", "writing"):
        thread.events.append(("state", {"state": state}))
        await asyncio.sleep(script.pause_s)
    for n, text in enumerate(script.answer):
        found = list(script.citations) if n == 0 else []
        thread.events.append(("sentence", {"turn_id": turn_id, "n": n, "text": text, "citations": found}))
        await asyncio.sleep(script.pause_s)
        while script.hold and n == 0:  # noqa: ASYNC110 - released from the thread of the test
            await asyncio.sleep(script.pause_s)
    thread.say("agent", "\n\n".join(script.answer), citations=script.citations)
    thread.events.append(thread.events[-1])
    thread.events.append(("done", {"turn_id": turn_id, "outcome": "answered"}))


class Backend:
    """The contract's routes over one Script."""

    def __init__(self, script: Script, page_tags: str) -> None:
        self.script = script
        self.page_tags = page_tags
        self.turns: set[asyncio.Task[None]] = set()

    def app(self) -> Starlette:
        """The page, the widget's files and the API."""
        api = [
            Route("/api/agent/session", self.session, methods=["POST"]),
            Route("/api/agent/messages", self.messages, methods=["POST"]),
            Route("/api/agent/handoff", self.handoff, methods=["POST"]),
            Route("/api/agent/feedback", self.feedback, methods=["POST"]),
            Route("/api/agent/contact", self.contact, methods=["POST"]),
            Route("/api/agent/transcript", self.feedback, methods=["POST"]),
            Route("/api/agent/data", self.data, methods=["DELETE"]),
            Route("/api/agent/about/test", self.about),
            Route("/api/agent/thread/{thread_id}", self.thread),
            Route("/api/agent/thread/{thread_id}/events", self.events),
        ]
        pages = [Route("/", self.page), Route("/docs/returns", lambda _: HTMLResponse(DOCUMENT))]
        app = Starlette(routes=[*pages, *api])
        app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        assets.mount(app)
        return app

    async def page(self, request: Request) -> Response:
        """A page with the widget, under a policy that allows nothing inline; `?name=value` becomes a data attribute."""
        extra = " ".join(f'data-{name}="{value}"' for name, value in request.query_params.items())
        html = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>'
            '<meta name="viewport" content="width=device-width">'
            f'<script src="/widget/widget.js" data-site-id="test" {self.page_tags} {extra} defer></script></head>'
            "<body><main><h1>Shop</h1></main></body></html>"
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": SECURITY})

    async def gate(self, request: Request, *, owned: bool = True) -> dict[str, Any] | Response:
        """Note the call; answer with the failure a test asked for, or with the fields of the body."""
        fields = await request.json() if request.method == "POST" else dict(request.headers)
        path = request.url.path
        self.script.calls.append((request.method, path, fields))
        if waiting := self.script.failures.get(path):
            return waiting.pop(0)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if owned and token not in {thread.token for thread in self.script.threads.values()}:
            return error(401, "TokenExpired", "Ask for a new token.")
        return fields

    async def session(self, request: Request) -> Response:
        """A new thread, or a new token for the thread that is named."""
        fields = await self.gate(request, owned=False)
        if isinstance(fields, Response):
            return fields
        threads = self.script.threads
        number = self.script.count("POST", "/api/agent/session")
        thread_id = fields.get("thread_id") or f"t{number}"
        if "thread_id" in fields and thread_id not in threads:
            return error(404, "ThreadNotFound", "There is no such conversation.")
        thread = threads.setdefault(thread_id, Thread(thread_id, ""))
        thread.token = f"token-{number}"
        return JSONResponse(
            {"thread_id": thread_id, "visitor_token": thread.token, "expires_at": "2026-11-22T11:00:00Z"}
        )

    async def messages(self, request: Request) -> Response:
        """Accept a message once and begin its turn."""
        fields = await self.gate(request)
        if isinstance(fields, Response):
            return fields
        thread = self.script.threads[fields["thread_id"]]
        known = thread.sent.get(fields["client_msg_id"])
        if known is None:
            turn_id = f"turn-{len(thread.messages)}"
            words = fields["user_msg"]
            if (removed := self.script.removed) and removed in words:
                thread.say("system", "A card number was removed.")
                words = words.replace(removed, "[card number removed]")
            message_id = thread.say("visitor", words)
            known = {"thread_id": thread.thread_id, "message_id": message_id, "turn_id": turn_id}
            thread.sent[fields["client_msg_id"]] = known
            if thread.status == "bot":
                task = asyncio.create_task(answer_turn(self.script, thread, turn_id))
                self.turns.add(task)
                task.add_done_callback(self.turns.discard)
        return JSONResponse(known, 202)

    async def handoff(self, request: Request) -> Response:
        """Put the thread in the queue and say so in it."""
        fields = await self.gate(request)
        if isinstance(fields, Response):
            return fields
        thread = self.script.threads[fields["thread_id"]]
        thread.status = "waiting"
        thread.say("system", "A colleague has been called.")
        return JSONResponse({"thread_id": thread.thread_id, "status": "waiting"}, 202)

    async def feedback(self, request: Request) -> Response:
        """Take thumbs and tags."""
        fields = await self.gate(request)
        return fields if isinstance(fields, Response) else JSONResponse({}, 202)

    async def about(self, request: Request) -> Response:
        """What the site offers: the same for everybody."""
        fields = await self.gate(request, owned=False)
        kept = {"Cache-Control": "public, max-age=60"}
        return fields if isinstance(fields, Response) else JSONResponse(self.script.about, headers=kept)

    async def contact(self, request: Request) -> Response:
        """Take a message for the team, once per id."""
        fields = await self.gate(request)
        if isinstance(fields, Response):
            return fields
        thread = self.script.threads[fields["thread_id"]]
        if fields["client_msg_id"] not in thread.sent:
            thread.sent[fields["client_msg_id"]] = fields
            thread.say("visitor", fields["question"])
            thread.say("system", "Your message is with our team.")
        return JSONResponse({"ticket_number": 1001}, 202)

    async def data(self, request: Request) -> Response:
        """Forget the visitor's conversations."""
        fields = await self.gate(request)
        if isinstance(fields, Response):
            return fields
        self.script.threads.clear()
        return JSONResponse({"receipt": "r-1"})

    async def thread(self, request: Request) -> Response:
        """The thread as it stands."""
        fields = await self.gate(request)
        if isinstance(fields, Response):
            return fields
        thread = self.script.threads.get(request.path_params["thread_id"])
        if thread is None:
            return error(404, "ThreadNotFound", "There is no such conversation.")
        return JSONResponse({"thread_id": thread.thread_id, "status": thread.status, "messages": thread.messages})

    async def events(self, request: Request) -> Response:
        """The thread's events after Last-Event-ID, from the first where none is given, then as they happen."""
        fields = await self.gate(request)
        if isinstance(fields, Response):
            return fields
        thread = self.script.threads[request.path_params["thread_id"]]
        start = int(request.headers.get("last-event-id", "0"))
        return StreamingResponse(follow(request, thread, start), media_type="text/event-stream")


async def follow(request: Request, thread: Thread, sent: int) -> AsyncIterator[str]:
    """Server-sent events from number `sent` on, cut in odd places to try the reader."""
    yield ": hello\n\n"
    while not await request.is_disconnected():
        for kind, data in thread.events[sent:]:
            sent += 1
            block = f"id: {sent}\r\nevent: {kind}\r\ndata: {json.dumps(data, ensure_ascii=False)}\r\n\r\n"
            yield block[:7]
            yield block[7:]
        await asyncio.sleep(0.01)
