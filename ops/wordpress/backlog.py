"""`python -m ops.wordpress.backlog [COUNT]`: what becomes of 10,000 events after an outage, on a real WordPress.

The site notes them while the backend is away. Then the backend comes, the plugin tells all of them by the runs that
cron makes, an editor goes on working meanwhile, and what the gateway has stored is compared with what was noted.
"""

import os
import sys
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import httpx2
import typer
from sqlalchemy import func, select

from core.db import transaction
from core.errors import Unavailable
from core.models import Site, WebhookEvent
from core.settings import get_settings
from ops.apart import apart
from ops.bench.processes import free_port, wait_for_port
from ops.children import Child, stop
from ops.wordpress import site as real
from ops.wordpress.demo import PLUGIN, SLUG
from web.commands.sites import make_site
from web.keys import DEMO_KEY
from web.webhooks.secrets import make_secret

SITE = "backlog"
COUNT = 10_000
RUN_SECONDS, EACH_SECONDS = 20, 60  # how long one run of cron sends, and how often it comes
NOTE = """global $wpdb; $wpdb->query( 'START TRANSACTION' );
foreach ( range( %d, %d ) as $id ) { Handrail\\Queue::put( 'post.trashed', 'page', 100000 + $id ); }
$wpdb->query( 'COMMIT' );"""
LEFT = "$c = Handrail\\Queue::counts(); echo $c['waiting'] + $c['sending'], ' ', $c['sent'], ' ', $c['dead'];"
CARRY_SECONDS = 300.0  # that the gateway has, after the last event, to carry all of them out
PEOPLE = 5  # pages that an editor publishes, before and during


def run(count: int = COUNT) -> None:
    """Measure, print, and fail where anything is lost or out of order."""
    with tempfile.TemporaryDirectory(prefix="handrail-backlog-") as home, apart(home):
        port, secret = free_port(), make_secret()
        site = real.Site(Path(home) / "wordpress", title="Backlog")
        with transaction() as session:
            make_site(session, SITE, "Backlog", DEMO_KEY)
            made = session.get_one(Site, SITE)
            made.webhook_secret, made.wordpress_url = secret, site.url
        site.home.mkdir()
        site.constants = {
            "HANDRAIL_BACKEND_URL": f"http://127.0.0.1:{port}",
            "HANDRAIL_SITE_ID": SITE,
            "HANDRAIL_WEBHOOK_SECRET": secret,
            "HANDRAIL_PRIVATE_BACKEND": True,
            "DISABLE_WP_CRON": True,
        }
        site.start()
        try:
            site.add_plugin(PLUGIN, SLUG)
            _measure(site, port, count)
        finally:
            site.stop()


def _measure(site: real.Site, port: int, count: int) -> None:
    quiet = _publish(site)
    began = time.monotonic()
    site.php(NOTE % (1, count))
    typer.echo(f"{count} events noted while the backend is away: {time.monotonic() - began:.1f} s")
    os.environ.update(HANDRAIL_PORT=str(port), HANDRAIL_PROFILE="demo")
    get_settings.cache_clear()
    folder = get_settings().home / "log"
    folder.mkdir(exist_ok=True)
    commands = {"api": ("-m", "ops.cli", "serve"), "chat": ("-m", "ops.cli", "worker", "chat")}
    children = [Child(name, command, folder / f"{name}.log") for name, command in commands.items()]
    try:
        for child in children:
            child.start()
        wait_for_port(port)
        _flow(site, count, quiet)
    finally:
        stop(children, 10.0)


def _flow(site: real.Site, count: int, quiet: float) -> None:
    site.php("Handrail\\Circuit::close();")
    began, runs, busy, again = time.monotonic(), 0, 0.0, count // 20
    left = count
    while left:
        if runs == 1:
            busy = _publish(site)
            site.php(NOTE % (1, again))  # told already: told again; and what waits: the newer one stands for both
            site.php(NOTE % (count - again + 1, count))
        site.php("Handrail\\Sender::run();")
        runs += 1
        before, (left, sent, dead) = left, map(int, site.php(LEFT).split())
        if left == before:
            raise Unavailable(site.php("echo Handrail\\Circuit::state()['reason'];") or "Nothing was told.")
        typer.echo(f"  run {runs}: {sent} told, {dead} dead, {left} left")
    took = time.monotonic() - began
    typer.echo(f"told: {took:.0f} s of sending, {count / took:.0f} a second, {runs} runs of {RUN_SECONDS} s")
    typer.echo(f"with a run each minute: {runs * EACH_SECONDS / 60:.0f} minutes")
    typer.echo(f"an editor publishes in {quiet:.2f} s before, in {busy or _publish(site):.2f} s meanwhile")
    _compare(count)


def _compare(count: int) -> None:
    trashed = WebhookEvent.subject.like("page:1_____")
    until = time.monotonic() + CARRY_SECONDS
    while time.monotonic() < until:
        with transaction() as session:
            wanted = select(WebhookEvent.subject, WebhookEvent.occurred_at).where(trashed)
            stored = session.execute(wanted.order_by(WebhookEvent.position)).all()
            waiting = session.scalar(select(func.count()).where(WebhookEvent.state == "pending"))
        if not waiting:
            break
        time.sleep(0.5)
    times: dict[str, list[datetime]] = {}
    for subject, occurred_at in stored:
        times.setdefault(subject, []).append(occurred_at)
    lost = count - len(times)
    disorder = sum(one > other for each in times.values() for one, other in pairwise(each))
    typer.echo(f"in the gateway: {len(stored)} carried out; lost {lost}, out of order about one thing {disorder}")
    if lost or disorder or waiting:
        sys.exit(1)


def _publish(site: real.Site) -> float:
    """Seconds that an editor waits for "Publish": the middle of some."""
    with httpx2.Client(base_url=site.url, cookies=site.log_in(), timeout=60) as editor:
        nonce = editor.get("/wp-admin/admin-ajax.php?action=rest-nonce").text
        waits = []
        for number in range(PEOPLE):
            began = time.monotonic()
            post = {"title": f"Page {number}", "content": "Text.", "status": "publish"}
            editor.post("/wp-json/wp/v2/pages", json=post, headers={"X-WP-Nonce": nonce}).raise_for_status()
            waits.append(time.monotonic() - began)
    return sorted(waits)[len(waits) // 2]


if __name__ == "__main__":
    run(*map(int, sys.argv[1:2]))
