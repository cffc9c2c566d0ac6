"""The demo shop as Handrail itself serves it: its page and its documents on the API's own port."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core import db
from core.models import Document
from core.settings import Settings
from kb.documents.staging import set_gate
from ops import reading
from ops.demo import content, team
from ops.supervisor import Watch

NEXT = """Handrail is ready: http://{host}:{port}/
  Open that page and ask, for example: How long do I have to send something back?
  On the command line: handrail ask --site demo "Do you deliver to Norway?"
  Who waits for a person: http://{host}:{port}/desk as {staff}, password {secret} (new at each start)
  Judge it now, as each night: handrail nightly    A golden set to copy: {home}/golden/example.yaml
  Logs: {home}/log    Stop: Ctrl-C"""
EXAMPLES = Path(__file__).with_name("golden")


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
        _show_a_set(settings.home / "golden")
        yield NEXT.format(**words, staff=team.EMAIL, secret=team.hire())


def _show_a_set(folder: Path) -> None:
    """Put the example where golden sets are looked for, once: whoever throws it away has seen it."""
    if not folder.exists():
        shutil.copytree(EXAMPLES, folder)
