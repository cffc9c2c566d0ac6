"""`make plugin`: the WordPress plugin as a zip that any site can install, the same bytes from the same files."""

import re
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from web.packed import packed

SOURCE = Path(__file__).resolve().parent.parent / "wp-widget"
TARGET = SOURCE / "build/handrail.zip"
SLUG = "handrail"
SHIPPED = ("handrail.php", "uninstall.php", "readme.txt", "includes", "admin", "block", "languages")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name


def version(source: Path = SOURCE) -> str:
    """The version in the plugin's header."""
    found = re.search(r"^ \* Version: +(\S+)$", (source / "handrail.php").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError("The plugin's header names no version.")
    return found[1]


def members(source: Path = SOURCE) -> dict[str, bytes]:
    """Name in the zip → content, in the order of the names.

    The widget lies packed in a folder with the version, so that no cache mixes the files of two versions.
    """
    files = [file for name in SHIPPED for file in sorted([source / name, *(source / name).rglob("*")])]
    named = {f"{SLUG}/assets/{version(source)}/{path}": content for path, content in packed(source / "assets").items()}
    for file in files:
        path = file.relative_to(source)
        if file.is_file() and not any(part.startswith(".") for part in path.parts):
            named[f"{SLUG}/{path.as_posix()}"] = file.read_bytes()
    return dict(sorted(named.items()))


def build(target: Path = TARGET, source: Path = SOURCE) -> Path:
    """Write the zip. Returns where it is."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w") as zipped:
        for name, content in members(source).items():
            info = ZipInfo(name, LONG_AGO)
            info.compress_type, info.external_attr, info.create_system = ZIP_DEFLATED, 0o644 << 16, 3
            zipped.writestr(info, content, compresslevel=9)
    return target


if __name__ == "__main__":
    made = build()
    sys.stdout.write(f"{made.relative_to(Path.cwd()) if made.is_relative_to(Path.cwd()) else made}: {version()}\n")
