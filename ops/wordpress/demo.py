"""`handrail demo-wordpress`: the demo shop as a WordPress site with the plugin, which tells Handrail of its pages."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core import db
from core.errors import Unavailable
from core.models import Document, Site
from core.settings import Settings
from ops import reading
from ops.demo import content, team
from ops.supervisor import Watch
from ops.wordpress import shop, site
from ops.wordpress.files import Value, php_literal
from tools.importer import import_orders
from web.commands.sites import make_site
from web.keys import DEMO_KEY
from web.outgoing.signing import make_secret as make_notices_secret
from web.server import check_port
from web.webhooks.secrets import make_secret

SITE = "wordpress"
SLUG = "handrail"
PLUGIN = Path(__file__).resolve().parents[2] / "wp-widget"
MACHINE = "127.0.0.1"
SUGGESTIONS = "How long do I have to return boots?\nWhat does shipping to Norway cost?\nWhere is my order?"

NEXT = """Handrail is ready behind WordPress: {url}/
  Open that page and ask, for example: How long do I have to send something back?
  Behind the scenes: {url}/wp-admin/ as {admin}, password {password}. Change a page, upload a PDF, put one into the
  trash, and ask again.
  As a customer with orders: {url}/wp-login.php as {customer}, password {password}
  Who waits for a person: {desk} as {staff}, password {secret} (new at each start)
  Logs: {home}/log    Stop: Ctrl-C"""


class OnWordPress:
    """A WordPress on `port`; its files are kept in HANDRAIL_HOME/wordpress."""

    api: tuple[str, ...] = ("-m", "ops.cli", "serve")

    def __init__(self, port: int) -> None:
        """The site is made when it is shown."""
        self._port = port
        # The site lies on this machine: its pages may be read, notices may go to it, and its pages may call us.
        here = f'["{MACHINE}"]'
        self.settings: Mapping[str, str] = {
            "HANDRAIL_FETCH_PRIVATE_HOSTS": here,
            "HANDRAIL_FETCH_GAP_SECONDS": "0",
            "HANDRAIL_OUTGOING_PRIVATE_HOSTS": here,
            "HANDRAIL_ALLOWED_ORIGINS": f'["http://{MACHINE}:{port}"]',
        }

    @contextmanager
    def show(self, settings: Settings, watch: Watch) -> Iterator[str]:
        """Start the site, fill it where it is new, and wait until all that its plugin tells of is read."""
        if not (PLUGIN / "handrail.php").exists():
            raise Unavailable(f"The plugin is not there: {PLUGIN} belongs to the project.")
        check_port(MACHINE, self._port)
        shown = site.Site(settings.home / "wordpress", self._port, content.NAME)
        shown.home.mkdir(parents=True, exist_ok=True)
        shown.constants = _introduce(settings, shown.url)
        shown.start()
        try:
            shown.add_plugin(PLUGIN, SLUG)
            _set_up(shown)
            filled = shop.fill(shown)
            ours = (Document.site_id == SITE) & (Document.state != "removed")
            reading.follow(ours, filled.pages + filled.files, "Reading what WordPress tells", watch)
            said = {"url": shown.url, "admin": site.ADMIN, "password": site.PASSWORD, "home": settings.home}
            said |= {"desk": f"http://{settings.host}:{settings.port}/desk", "staff": team.EMAIL, "secret": team.hire()}
            yield NEXT.format(customer=content.customers()[0].email, **said)
        finally:
            shown.stop()


def _introduce(settings: Settings, url: str) -> dict[str, str | bool]:
    """Make the site known to Handrail. Returns the constants by which its plugin knows Handrail."""
    with db.transaction() as session:
        make_site(session, SITE, content.NAME, DEMO_KEY)
        import_orders(session, SITE, content.ORDERS)
        row = session.get_one(Site, SITE)
        row.wordpress_url, row.notices_url = url, f"{url}/wp-json/handrail/v1/notices"
        row.webhook_secret = row.webhook_secret or make_secret()
        row.notices_secret = row.notices_secret or make_notices_secret()
        return {
            "HANDRAIL_BACKEND_URL": f"http://{settings.host}:{settings.port}",
            "HANDRAIL_SITE_ID": SITE,
            "HANDRAIL_WEBHOOK_SECRET": row.webhook_secret,
            "HANDRAIL_IDENTITY_SECRET": row.identity_secret,
            "HANDRAIL_NOTICES_SECRET": row.notices_secret,
            "HANDRAIL_PRIVATE_BACKEND": True,
        }


def _set_up(shown: site.Site) -> None:
    """As an owner would on the settings page: the chat on every page, with a few questions to begin with."""
    chosen: dict[str, Value] = {"floating": True, "title": content.NAME, "suggestions": SUGGESTIONS}
    pairs = ", ".join(f"{php_literal(name)} => {php_literal(value)}" for name, value in chosen.items())
    option = "get_option( 'handrail_settings', array() )"
    shown.php(f"update_option( 'handrail_settings', array_merge( array( {pairs} ), (array) {option} ) );")
