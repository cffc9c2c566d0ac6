"""Where documents come from: one file, a folder with its index.yaml, or a web address."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import yaml

from core.errors import SourceRefused
from kb.errors import FileEmpty, SourceGone, TooLarge
from kb.loaders import readable
from kb.sources.fetch import Limits, checked, fetch
from kb.sources.wordpress import read_post

INDEX = "index.yaml"
Kind = Literal["file", "url", "wordpress"]
EVERY_CHANNEL = "*"  # among a document's channels: it may be used in all of them


@dataclass(frozen=True)
class Source:
    """One document to know. What is empty here is taken from the document itself."""

    kind: Kind
    locator: str  # what it is called for good: absolute path, URL, or "wordpress:page:42"
    address: str = ""  # where it is read, if that is not the locator
    title: str = ""
    url: str = ""
    channels: tuple[str, ...] = (EVERY_CHANNEL,)
    updated_at: datetime | None = None
    archived: bool = False  # known, but must not answer


@dataclass(frozen=True)
class Folder:
    """What a folder holds: sources, and how many files were passed over because no loader reads them."""

    path: Path
    sources: tuple[Source, ...]
    skipped: int = 0
    whole: bool = False  # all of the folder, so that what is missing here is gone


@dataclass(frozen=True)
class Raw:
    """The bytes of a source, before any loader."""

    data: bytes
    name: str
    content_type: str = ""
    changed_at: datetime | None = None
    url: str = ""  # where it was found in the end
    etag: str = ""  # what to ask again with; "" where the source has no such word
    canonical: str = ""  # the address that the page calls its real one, "" where that is its own


def find_sources(where: str) -> Folder:
    """The sources at a path or URL. Raises SourceRefused or SourceGone."""
    if "://" in where:
        return Folder(Path(), (Source("url", checked(where), url=checked(where)),))
    path = Path(where).expanduser().resolve()
    if path.is_dir():
        return read_folder(path)
    if not path.is_file():
        raise SourceGone(f"There is no file or folder {where}: check the path.")
    notes = _notes(path.parent).get(path.name, {})
    return Folder(path.parent, (_file(path, notes),))


def read_folder(path: Path) -> Folder:
    """Every readable file below `path` (hidden ones and links that lead out of it are passed over), in name order."""
    files = list(_files(path, path))
    notes = {file.parent: _notes(file.parent) for file in files if file.name == INDEX}
    sources: list[Source] = []
    skipped = 0
    for file in files:
        if readable(file.name):
            sources.append(_file(file, _note(file, notes)))
        elif file.name != INDEX:
            skipped += 1
    return Folder(path, tuple(sources), skipped, whole=True)


def read(source: Source, limits: Limits, *, etag: str = "") -> Raw:
    """The bytes of `source`.

    With the `etag` of the Raw that was read last, Unchanged is raised where the source says that it still is that one.
    Raises SourceRefused, SourceGone, SourceUnavailable, FileEmpty or TooLarge, too.
    """
    if source.kind == "url":
        page = fetch(source.address or source.locator, limits, etag=etag)
        name = unquote(urlsplit(page.url).path).rpartition("/")[2]
        return Raw(page.data, name, page.content_type, page.changed_at, page.url, page.etag, page.canonical)
    if source.kind == "wordpress":
        data, link, changed_at, mark = read_post(source.address, limits, etag=etag)
        return Raw(data, "post.html", "text/html", changed_at, link, mark)
    path = Path(source.locator)
    try:
        status = path.stat()
        if status.st_size > limits.most_bytes:
            raise TooLarge(f"The file is larger than {limits.most_bytes // 1024 // 1024} MB: split it into several.")
        data = path.read_bytes()
    except OSError as error:
        raise SourceGone(f"The file {path.name} can't be opened ({error.strerror}): add it again.") from error
    if not data:
        raise FileEmpty
    return Raw(data, path.name, changed_at=datetime.fromtimestamp(status.st_mtime, UTC))


def _note(file: Path, notes: dict[Path, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """What an index.yaml in the file's folder or above says; what any of them calls archived is so wherever it lies."""
    if not notes:
        return {}
    for folder in file.parents:
        if note := notes.get(folder, {}).get(file.relative_to(folder).as_posix()):
            return note
    named = (found.get(file.name, {}) for found in notes.values())
    return next((note for note in named if note.get("archived")), {})


def _files(folder: Path, top: Path) -> Iterator[Path]:
    """Files below `folder`, in the order of their names; `top` is what links must not lead out of."""
    try:
        with os.scandir(folder) as found:
            entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except PermissionError:
        return
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _files(path, top)
        elif entry.is_file() and (not entry.is_symlink() or path.resolve().is_relative_to(top)):
            yield path


def _file(path: Path, notes: dict[str, Any]) -> Source:
    channels = notes.get("channels") or (EVERY_CHANNEL,)
    return Source(
        "file",
        str(path),
        title=str(notes.get("title") or ""),
        url=str(notes.get("url") or ""),
        channels=tuple(str(channel) for channel in channels),
        updated_at=_moment(notes.get("updated_at")),
        archived=bool(notes.get("archived")),
    )


def _notes(folder: Path) -> dict[str, dict[str, Any]]:
    """index.yaml: file name → {url, title, channels, updated_at, archived}, at the top or under `documents`."""
    path = folder / INDEX
    if not path.is_file():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceRefused(f"{path} is not valid YAML: {error}") from error
    notes = found.get("documents", found) if isinstance(found, dict) else None
    if not isinstance(notes, dict) or not all(isinstance(note, dict) for note in notes.values()):
        raise SourceRefused(f"{path} must map each file name to url, title, channels, updated_at and archived.")
    return {str(name): note for name, note in notes.items()}


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise SourceRefused(f"{INDEX}: {value!r} is no date: write it like 2026-08-03.") from error
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None
