"""`handrail webhooks` and `handrail site webhooks`: what came from other systems, and the secret that signs it."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import BadRequest, NotFound
from web.commands.place import at_home

if TYPE_CHECKING:
    from core.models import WebhookEvent

webhooks = typer.Typer(help="What WordPress tells: posts, files, orders.", no_args_is_help=True)

SHOWN = 100
BOTH_COUNT = timedelta(days=1)


class NothingDead(NotFound):
    """There is no such dead event: `handrail webhooks list --dead` shows them."""


@webhooks.command("list")
def list_all(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only what nobody could carry out.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="What is done, too.")] = False,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
) -> None:
    """List events that wait or are dead, newest first, with the reason."""
    with at_home():
        from sqlalchemy import select

        from core.db import transaction
        from core.models import WebhookEvent

        query = select(WebhookEvent).order_by(WebhookEvent.position.desc()).limit(SHOWN + 1)
        if not everything:
            query = query.where(WebhookEvent.state.in_(["dead"] if dead else ["pending", "dead", "conflict"]))
        query = query.where(WebhookEvent.site_id == site) if site else query
        with transaction() as session:
            rows = session.scalars(query).all()
    typer.echo("\n".join(map(_line, rows[:SHOWN])) or "Nothing waits, and nothing is dead.")
    if len(rows) > SHOWN:
        typer.echo(f"… and more: these are the newest {SHOWN}.")


@webhooks.command()
def retry(
    event: Annotated[str | None, typer.Argument(metavar="[ID]", help="As the list shows it.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are dead.")] = False,
    site: Annotated[str | None, typer.Option(help="Only this site's.")] = None,
) -> None:
    """Carry dead events out again. One that has been overtaken by a newer one is passed over."""
    if (event is None) == (not everything):
        raise BadRequest("Say which: `handrail webhooks retry ID`, or `handrail webhooks retry --all`.")
    with at_home():
        from sqlalchemy import cast, true
        from sqlalchemy.types import String

        from core.db import transaction
        from core.models import WebhookEvent
        from core.queue import Job, enqueue
        from web.webhooks.carrying import revive

        which = true() if everything else cast(WebhookEvent.id, String) == event
        with transaction() as session:
            count = revive(session, which & (WebhookEvent.site_id == site if site else true()))
            enqueue(session, Job.HANDLE_WEBHOOKS)
    if not count and not everything:
        raise NothingDead
    typer.echo(f"{count} will be carried out again.")


def set_webhooks(
    site_id: Annotated[str, typer.Argument(metavar="SITE")],
    url: Annotated[str, typer.Argument(metavar="URL", help="The WordPress site's address, as its pages have it.")],
    *,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make another secret; the old one counts for a day more.")
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="Take no events of this site any more.")] = False,
) -> None:
    """Take a WordPress site's events, signed with a secret that is printed once."""
    with at_home():
        from core.db import transaction
        from kb.sources.fetch import checked
        from web.deps import find_site
        from web.webhooks.secrets import make_secret

        with transaction() as session:
            row = find_site(session, site_id)
            row.wordpress_url = checked(url).rstrip("/")
            made = make_secret() if not off and (new_secret or not row.webhook_secret) else ""
            if made or off:
                row.webhook_secret_before = "" if off else row.webhook_secret
                row.webhook_rotated_until = datetime.now(UTC) + BOTH_COUNT
                row.webhook_secret = made
    typer.echo(f"{site_id} takes no events." if off else f"{site_id} takes signed events of {url}.")
    if made:
        typer.echo(f"In wp-config.php, shown only now:\ndefine( 'HANDRAIL_WEBHOOK_SECRET', '{made}' );")


def _line(row: "WebhookEvent") -> str:
    when = f"{row.received_at:%Y-%m-%d %H:%M:%S}"
    what = f"{row.id}  {row.state:<8}  {row.site_id:<16}  {row.action:<16}  {row.subject:<16}  {when}"
    return f"{what}  {row.reason}".rstrip()
