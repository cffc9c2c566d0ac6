"""The rig itself: a real WordPress is up in seconds, forgets at once, and leaves nothing behind."""

import base64
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import httpx2
import pytest

from ops.wordpress import package
from ops.wordpress.site import Site, WordPressRefused
from tests.wordpress.pages import make_page

pytestmark = [pytest.mark.xdist_group("wordpress")]
KILLED = """
import os, signal, sys
from pathlib import Path
from ops.wordpress.site import Site
Site(Path(sys.argv[1])).start()
os.kill(os.getpid(), signal.SIGKILL)
"""


def pages(site: Site) -> list[str]:
    """The titles of the published pages, by the REST API."""
    answer = httpx2.get(f"{site.url}/wp-json/wp/v2/pages", timeout=20)
    assert answer.status_code == 200, answer.text
    return [page["title"]["rendered"] for page in answer.json()]


def family(home: Path) -> list[int]:
    """The PHP processes that serve the site in `home`; those that have ended and are not yet buried do not count."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home).encode() in command and command.startswith(b"php\0"):
            found.append(int(folder.name))
    return found


def test_a_site_is_up_soon_and_ends_with_all_its_workers(tmp_path: Path, running: Site) -> None:
    """In some seconds; again in less than one. A busy machine gets ten times as long."""
    began = time.monotonic()
    site = Site(tmp_path)
    site.start()
    assert httpx2.get(site.url, timeout=20).status_code == 200
    assert time.monotonic() - began < 70
    assert len(family(tmp_path)) == 5
    began = time.monotonic()
    site.stop()
    assert family(tmp_path) == []
    site.start()
    assert httpx2.get(site.url, timeout=20).status_code == 200
    site.stop()
    assert time.monotonic() - began < 50


def test_a_page_that_is_published_shows_in_rest_and_under_its_address(wordpress: Site) -> None:
    assert pages(wordpress) == []
    make_page(wordpress, "Returns", "<p>Within 30 days.</p>")
    assert pages(wordpress) == ["Returns"]
    assert "Within 30 days." in httpx2.get(f"{wordpress.url}/returns/", timeout=20).text


def test_a_reset_takes_less_than_a_second_while_the_site_runs(wordpress: Site) -> None:
    make_page(wordpress, "Returns", "<p>Within 30 days.</p>")
    wordpress.php("wp_upload_bits( 'a.txt', null, 'A file.' ); wp_mail( 'a@shop.example', 'Hello', 'You' );")
    assert [mail["subject"] for mail in wordpress.mail()] == ["Hello"]
    assert list((wordpress.root / "wp-content/uploads").rglob("a.txt"))
    began = time.monotonic()
    wordpress.restore()
    assert time.monotonic() - began < 1
    assert pages(wordpress) == []
    assert wordpress.mail() == []
    assert not list((wordpress.root / "wp-content/uploads").rglob("a.txt"))


def test_the_administrator_logs_in_and_nobody_else_does(wordpress: Site) -> None:
    stranger = httpx2.get(f"{wordpress.url}/wp-admin/", timeout=20)
    assert stranger.status_code == 302
    admin = httpx2.get(f"{wordpress.url}/wp-admin/", cookies=wordpress.log_in(), timeout=20)
    assert "Dashboard" in admin.text
    with pytest.raises(WordPressRefused, match="could not log in"):
        wordpress.log_in(password="guessed")


def test_a_site_can_call_this_machine_but_nothing_else_private(wordpress: Site) -> None:
    ask = "echo is_wp_error( $it = wp_safe_remote_get( '%s' ) ) ? $it->get_error_message() : $it['response']['code'];"
    assert wordpress.php(ask % f"{wordpress.url}/wp-json/") == "200"
    assert wordpress.php(ask % "http://10.0.0.1:8080/") == "A valid URL was not provided."
    plain = ask.replace("safe_remote", "remote")
    assert "blocked requests" in wordpress.php(plain % "http://shop.example/")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/wp-config.php", 403),
        ("/wp-content/database/.ht.sqlite", 403),
        ("/wp-content/debug.log", 403),
        ("/%2e%2e/salts", 403),
        ("/../salts", 404),
        ("/nothing-here/", 404),
        ("/wp-admin", 301),
        ("/wp-includes/css/dashicons.css", 200),
    ],
)
def test_the_router_gives_what_a_real_server_gives(wordpress: Site, path: str, status: int) -> None:
    assert httpx2.get(wordpress.url + path, timeout=20).status_code == status


def test_constants_can_change_while_it_runs(wordpress: Site) -> None:
    wordpress.configure({"A_SECRET": "it's \\ odd", "A_SWITCH": True})
    assert wordpress.php("var_export( array( A_SECRET, A_SWITCH ) );").split() == [
        *("array", "("),
        *("0", "=>", "'it\\'s", "\\\\", "odd',", "1", "=>", "true,"),
        ")",
    ]
    wordpress.configure({})
    assert wordpress.php("echo defined( 'A_SECRET' ) ? 'there' : 'gone';") == "gone"


def test_a_plugin_is_copied_without_what_is_not_shipped(wordpress: Site, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build/old.zip").write_text("old")
    (tmp_path / "hello.php").write_text("<?php\n/* Plugin Name: Hello there */\nconst HELLO_THERE = 'yes';\n")
    wordpress.add_plugin(tmp_path, "hello-there")
    assert wordpress.php("echo HELLO_THERE;") == "yes"
    assert not (wordpress.root / "wp-content/plugins/hello-there/build").exists()
    wordpress.restore()
    assert wordpress.php("echo defined( 'HELLO_THERE' ) ? 'there' : 'gone';") == "gone"


def test_it_ends_with_its_owner_however_that_ends(tmp_path: Path, running: Site) -> None:
    owner = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)  # noqa: S603 - our own code
    assert owner.returncode == -signal.SIGKILL
    until = time.monotonic() + 5
    while family(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    assert family(tmp_path) == []


def test_another_package_than_the_known_one_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "odd.tgz").write_bytes(b"whatever")
    with pytest.raises(package.PackageWrong):
        package.unpack(tmp_path / "odd.tgz", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_what_is_needed_is_unpacked(tmp_path: Path) -> None:
    names = ("latest/wordpress/index.php", "latest/languages/de_DE.l10n.php", "latest/languages/admin-de_DE.l10n.php")
    others = ("latest/languages/fr_FR.l10n.php", "phpmyadmin/index.php", "../cli.mjs")
    archive = tmp_path / "a.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in (*names, *others):
            packed.addfile(tarfile.TarInfo(package.INSIDE + name), io.BytesIO())
    sha512 = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    package.unpack(archive, tmp_path / "out", sha512)
    assert {path.name for path in tmp_path.iterdir()} == {"a.tgz", "out"}
    found = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file()}
    assert found == {*names, "sha512"}


def test_what_is_missing_is_said_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "PATH", "/nonexistent")
    assert "php-sqlite3" in package.missing()
    (tmp_path / "php").write_text("#!/bin/sh\necho curl mbstring xml zip gd intl\n")
    (tmp_path / "php").chmod(0o755)
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    assert package.missing().startswith("install PHP with pdo_sqlite (")
