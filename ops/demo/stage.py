"""The demo shop as Handrail itself serves it: its page and its documents on the API's own port."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core import db
from core.models import Document
from core.settings import Settings
from kb.documents.staging import set_gate
from ops import reading
from ops.demo import content, team
from ops.supervisor import Watch

NEXT = """Handrail is ready: http://{host}:{port}/
  Open that page and ask, for example: How long do I have to return a jacket?
  On the command line: handrail ask --site demo "Do you deliver to Norway?"
  Who waits for a person: http://{host}:{port}/desk as {staff}, password {secret} (new at each start)
  Logs: {home}/log    Stop: Ctrl-C"""


class DemoShop:
    """`handrail demo`."""

    settings: Mapping[str, str] = {}
    api: tuple[str, ...] = ("-m", "ops.demo.app")

    @contextmanager
    def show(self, settings: Settings, watch: Watch) -> Iterator[str]:
        """Register the documents that have changed, and wait until they are read."""
        with db.transaction() as session:
            documents = content.prepare(session)
            set_gate(session, content.SITE, on=True)
        reading.follow(Document.id.in_(documents), len(documents), "Reading the demo shop's documents", watch)
        words = {"host": settings.host, "port": settings.port, "home": settings.home}
        yield NEXT.format(**words, staff=team.EMAIL, secret=team.hire())
