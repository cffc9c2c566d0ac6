"""One WordPress site on this machine: start, stop, ask WP-CLI, log in, and go back to a snapshot."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from core.embedded import die_with_parent
from core.errors import Unavailable
from ops.bench.processes import free_port, wait_for_port
from ops.wordpress import files, package

WORKERS = 4  # one that calls its own site needs a second one to answer
ADMIN, PASSWORD = "admin", "handrail"
PHP = ("php", "-d", "memory_limit=512M", "-d", "upload_max_filesize=512M", "-d", "post_max_size=512M")
# PHP's server leaves its workers behind when it is killed. This shell takes all of its group with it, whether it is
# asked to end (INT: the server waits for its workers) or the kernel tells it that its own parent has ended (TERM).
TOGETHER = 'trap "kill -KILL 0" TERM; trap : INT; "$@" & while kill -0 $! 2>/dev/null; do wait $!; done'
STOP_SECONDS = 5
COMMAND_SECONDS = 120


class WordPressRefused(Unavailable):
    """WP-CLI ended with an error."""


@dataclass
class Site:
    """A site in `home`: its files in `home/public`, its log and its mail beside them."""

    home: Path
    port: int = field(default_factory=free_port)
    title: str = "Test Shop"
    constants: Mapping[str, str | bool] = field(default_factory=dict)  # of its wp-config.php, beside the rig's own
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def root(self) -> Path:
        """The folder that the server shows."""
        return self.home / "public"

    def start(self) -> None:
        """Make it where it is not, and serve it. Call this from the main thread. Raises Unavailable."""
        if why := package.missing():
            raise Unavailable(f"There is no WordPress here: {why}.")
        files.lay_out(self.root)
        self.configure(self.constants)
        if not (self.root / files.DATABASE).exists():
            self._install()
        self._serve()

    def stop(self) -> None:
        """End the server and its workers."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def configure(self, constants: Mapping[str, str | bool]) -> None:
        """Define these in wp-config.php instead of those before; the next request sees them."""
        self.constants = dict(constants)
        files.write_config(self.root, {"WP_HOME": self.url, "WP_SITEURL": self.url} | self.constants)

    def wp(self, *arguments: str, text: str = "") -> str:
        """What `wp …` prints, with `text` on its standard input. Raises WordPressRefused with its own words."""
        result = subprocess.run(  # noqa: S603 - our own WP-CLI
            [*PHP, str(package.WP_CLI), f"--path={self.root}", "--allow-root", "--no-color", *arguments],
            input=text,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        if result.returncode:
            raise WordPressRefused(
                f"wp {' '.join(arguments)[:200]}: {(result.stderr or result.stdout).strip()[-2000:]}"
            )
        return result.stdout.strip()

    def php(self, code: str) -> str:
        """What `code` prints inside WordPress."""
        return self.wp("eval", code)

    def add_plugin(self, source: Path, slug: str) -> None:
        """Copy the plugin in `source` there, and activate it."""
        files.put_plugin(self.root, source, slug)
        self.wp("plugin", "activate", slug)

    def log_in(self, user: str = ADMIN, password: str = PASSWORD) -> dict[str, str]:
        """The cookies of whoever has logged in, by name. Raises WordPressRefused."""
        with httpx2.Client(base_url=self.url, timeout=30) as client:
            client.cookies.set("wordpress_test_cookie", "WP Cookie check", domain="127.0.0.1")
            form = {"log": user, "pwd": password, "testcookie": "1"}
            answer = client.post("/wp-login.php", data=form)
            if answer.status_code != httpx2.codes.FOUND:
                raise WordPressRefused(f"{user} could not log in.")
            return {cookie.name: cookie.value or "" for cookie in client.cookies.jar}  # some are there for two paths

    def mail(self) -> list[dict[str, Any]]:
        """What was mailed, oldest first: `to`, `subject`, `message`, `headers`."""
        kept = self.home / "mail.jsonl"
        return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []

    def requests(self) -> str:
        """The scripts that were asked for, a line when each began and one with its status when it ended."""
        log = self.home / "requests.log"
        return log.read_text() if log.exists() else ""

    def debug_log(self) -> str:
        """PHP's complaints since the last snapshot was restored."""
        log = self.root / "wp-content/debug.log"
        return log.read_text() if log.exists() else ""

    def snapshot(self, name: str = "fresh") -> None:
        """Keep database and uploads under this name."""
        kept = self.home / "snapshots" / name
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        _copy_database(self.root / files.DATABASE, kept / "database")
        if (self.root / files.UPLOADS).exists():
            shutil.copytree(self.root / files.UPLOADS, kept / "uploads")

    def restore(self, name: str = "fresh") -> None:
        """Have database and uploads as they were; the server may run meanwhile."""
        kept = self.home / "snapshots" / name
        _copy_database(kept / "database", self.root / files.DATABASE)
        shutil.rmtree(self.root / files.UPLOADS, ignore_errors=True)
        if (kept / "uploads").exists():
            shutil.copytree(kept / "uploads", self.root / files.UPLOADS)
        for traces in (self.home / "mail.jsonl", self.home / "requests.log", self.root / "wp-content/debug.log"):
            traces.unlink(missing_ok=True)

    def _install(self) -> None:
        who = (f"--admin_user={ADMIN}", f"--admin_password={PASSWORD}", "--admin_email=admin@shop.example")
        self.wp("core", "install", f"--url={self.url}", f"--title={self.title}", *who, "--skip-email")

    def _serve(self) -> None:
        # Files are looked at anew by each request: a constant or a plugin that has changed counts at once.
        cache = ("-d", "opcache.enable_cli=1", "-d", "opcache.revalidate_freq=0")
        server = (*PHP, *cache, "-S", f"127.0.0.1:{self.port}", "-t", str(self.root))
        with (self.home / "php.log").open("ab") as lines:
            self._process = subprocess.Popen(  # noqa: S603 - PHP itself
                ["/bin/sh", "-c", TOGETHER, "sh", *server, str(files.ROUTER)],
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                env=_environment() | {"PHP_CLI_SERVER_WORKERS": str(WORKERS)},
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - no threads run yet
                start_new_session=True,  # a group of its own
            )
        wait_for_port(self.port)


def _environment() -> dict[str, str]:
    """Ours, without the settings of a Handrail: the plugin would read them."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HANDRAIL_")}


def _copy_database(source: Path, target: Path) -> None:
    """A whole database by SQLite itself: whoever reads or writes meanwhile sees the one or the other."""
    with closing(sqlite3.connect(source, timeout=30)) as old, closing(sqlite3.connect(target, timeout=30)) as new:
        old.backup(new)
