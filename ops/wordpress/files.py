"""The files of one site: the core by hard links, the SQLite drop-in, the rig's own plugin, and a wp-config.php."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from ops.wordpress import package

HERE = Path(__file__).parent
ROUTER = HERE / "router.php"
DATABASE = "wp-content/database/.ht.sqlite"
UPLOADS = "wp-content/uploads"
SALTS = (
    *("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY"),
    *("AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"),
)
Value = str | bool
Constants = Mapping[str, Value]


def lay_out(root: Path) -> None:
    """Make the site's files in `root`, unless they are there."""
    content = root / "wp-content"
    if (content / "db.php").exists():
        return
    shutil.rmtree(root, ignore_errors=True)  # one that was being made when its maker ended
    shutil.copytree(package.CORE, root, copy_function=_link)
    shutil.copytree(package.SQLITE, content / "plugins/sqlite-database-integration", copy_function=_link)
    shutil.copytree(package.LANGUAGES, content / "languages", copy_function=_link)
    (content / "mu-plugins").mkdir()
    shutil.copy(HERE / "rig.php", content / "mu-plugins/rig.php")
    shutil.copy(package.SQLITE / "db.copy", content / "db.php")


def write_config(root: Path, constants: Constants) -> None:
    """Write the wp-config.php that defines `constants` beside what every site of the rig has.

    Signing in outlives a new one: the salts stay.
    """
    salts = root.parent / "salts"
    if not salts.exists():
        salts.write_text("\n".join(secrets.token_hex(32) for _ in SALTS))
    known: dict[str, Value] = dict(zip(SALTS, salts.read_text().split("\n"), strict=True))
    lines = (
        f"define( {php_literal(name)}, {php_literal(value)} );"
        for name, value in (STANDING | known | dict(constants)).items()
    )
    last = (
        "$table_prefix = 'wp_';",
        "defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );",
        "require_once ABSPATH . 'wp-settings.php';",
    )
    partial = root / "wp-config.new"
    partial.write_text("\n".join(("<?php", *lines, *last, "")))
    partial.rename(root / "wp-config.php")  # a request may be reading the one before


def put_plugin(root: Path, source: Path, slug: str) -> None:
    """Have the plugin in `source`, a copy of it, among the site's plugins."""
    target = root / "wp-content/plugins" / slug
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "build", "node_modules", "tests"))


def _link(source: str, target: str) -> str:
    """Link, as thousands of files are linked in a tenth of a second and copied in ten; copy onto another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def php_literal(value: Value) -> str:
    """`value` as PHP writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


STANDING: dict[str, Value] = {
    "DB_NAME": "wordpress",  # the drop-in asks for the names of MySQL's settings, and uses none
    "DB_USER": "",
    "DB_PASSWORD": "",
    "DB_HOST": "",
    "DB_CHARSET": "utf8mb4",
    "DB_COLLATE": "",
    "WP_ENVIRONMENT_TYPE": "local",  # Application Passwords without TLS
    "WP_DEBUG": True,
    "WP_DEBUG_DISPLAY": False,
    "WP_DEBUG_LOG": True,
    "WP_HTTP_BLOCK_EXTERNAL": True,  # no news, no updates, no avatars: only what runs on this machine
    "WP_ACCESSIBLE_HOSTS": "127.0.0.1,localhost",
    "AUTOMATIC_UPDATER_DISABLED": True,
    "DISALLOW_FILE_MODS": True,  # the core's files are shared by hard links
}
