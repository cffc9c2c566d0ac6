"""A shop that shows itself in a Slack of our own: the application's doors, its outbox, and people on both sides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.db import transaction
from core.models import Handoff, Message, Outgoing, Site, Staff, StaffRole, Thread, WebhookEvent
from core.settings import get_settings
from ops.slack import workspace
from ops.slack.fake import Fake, People, slack
from ops.slack.workspace import Workspace
from orchestrator import inbox
from orchestrator.people import Person
from tests.conftest import SITE
from web.app import make_app
from web.outgoing.delivery import Courier
from web.webhooks.carrying import carry_out

CHANNEL = "C1"
ADA, BOB, EVE = "U1ADA", "U2BOB", "U3EVE"  # an agent, a supervisor, somebody who is not on the staff


class Quiet:
    """Circuits that never open: what rests is another test's."""

    def failed(self, name: str, *, threshold: int, seconds: float) -> bool:
        return False

    def succeeded(self, name: str) -> None: ...

    def resting(self) -> dict[str, float]:
        return {}


@dataclass
class Rig:
    """All of it."""

    fake: Fake
    people: People
    client: TestClient
    session: Session
    ahead: timedelta = field(default_factory=timedelta)

    @property
    def there(self) -> Workspace:
        return self.fake.there

    def settle(self) -> None:
        """Carry out what has come and send what is due, until nothing is."""
        courier = Courier(get_settings(), Quiet(), lambda _, high: high, lambda: datetime.now(UTC) + self.ahead)
        for _ in range(200):
            if not carry_out() and not courier.deliver_one():
                break
        self.session.expire_all()

    def waits(self, words: str = "Where is my parcel?", *, site: str = SITE, reason: str = "The visitor asks.") -> UUID:
        """A visitor who says `words` and asks for a person: the handoff's id, before Slack hears of it."""
        with transaction() as session:
            thread = inbox.open_thread(session, site, "web")
            if words:
                inbox.accept(session, thread, words, uuid4().hex)
            return inbox.call_person(session, thread, reason)

    def waiting(self, words: str = "Where is my parcel?", **more: Any) -> workspace.Message:
        """The same, and its message in Slack."""
        handoff = self.waits(words, **more)
        self.settle()
        return self.head(handoff)

    def head(self, handoff: UUID) -> workspace.Message:
        """The message of a handoff."""
        return next(one for one in self.there.messages if one.buttons().get("reply") == str(handoff))

    def row(self, head: workspace.Message) -> Handoff:
        """The handoff of a head that stands."""
        self.session.expire_all()
        return self.session.get_one(Handoff, UUID(head.buttons()["reply"]))

    def says(self, handoff_id: UUID, words: str) -> None:
        """The visitor goes on."""
        with transaction() as session:
            thread = session.get_one(Thread, session.get_one(Handoff, handoff_id).thread_id)
            inbox.accept(session, thread, words, uuid4().hex)

    def said(self, role: str = "staff") -> list[str]:
        """What stands in the visitor's conversation."""
        self.session.expire_all()
        query = select(Message.content).where(Message.role == role).order_by(Message.position)
        return list(self.session.scalars(query))

    def outbox(self) -> list[tuple[str, str, str]]:
        """Kind, state and reason of what leaves for Slack."""
        self.session.expire_all()
        rows = self.session.scalars(
            select(Outgoing).where(Outgoing.destination.startswith("slack:")).order_by(Outgoing.id)
        )
        return [(row.kind, row.state, row.reason) for row in rows]

    def events(self) -> list[tuple[str, str, str]]:
        self.session.expire_all()
        rows = self.session.scalars(select(WebhookEvent).order_by(WebhookEvent.position))
        return [(row.action, row.state, row.reason) for row in rows]

    def whispers(self) -> list[str]:
        """What was told to one person alone."""
        return [str(one["text"]) for one in self.there.ephemeral]

    def later(self) -> None:
        """Whatever waits for its next attempt is due now."""
        self.session.execute(
            update(Outgoing).where(Outgoing.state == "pending").values(due_at=datetime(2020, 1, 1, tzinfo=UTC))
        )
        self.session.execute(update(WebhookEvent).values(due_at=datetime(2020, 1, 1, tzinfo=UTC)))
        self.session.commit()
        self.settle()


def hire(session: Session, email: str, name: str, role: str, site: str = SITE) -> Person:
    """Somebody on the staff."""
    row = Staff(id=uuid4(), email=email, name=name)
    session.add(row)
    session.flush()
    session.add(StaffRole(staff_id=row.id, site_id=site, role=role))
    session.flush()
    return Person(row.id, name, email)


@pytest.fixture
def rig(session: Session, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A shop with a channel, Ada and Bob on the staff, and Eve who is not."""
    with slack() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HANDRAIL_PUBLIC_URL", "https://help.shop.example")
        get_settings.cache_clear()
        fake.there.add_user(ADA, "Ada@shop.example", "Ada L.")
        fake.there.add_user(BOB, "bob@shop.example", "Bob B.")
        fake.there.add_user(EVE, "eve@elsewhere.example", "Eve E.")
        fake.there.add_channel(CHANNEL, ADA, BOB, EVE)
        site.slack_channel = CHANNEL
        hire(session, "ada@shop.example", "Ada", "agent")
        hire(session, "bob@shop.example", "Bob", "supervisor")
        session.commit()
        with TestClient(make_app(get_settings())) as client:

            def post(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
                answer = client.post(path, content=body, headers=dict(headers))
                return answer.status_code, answer.json()

            yield Rig(fake, People(fake.there, post), client, session)
    get_settings.cache_clear()
