"""Documents that staff upload: kept in a folder of their site, where a worker that indexes reads them."""

import os
import re
import shutil
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from core.errors import BadRequest
from core.settings import Settings
from kb.loaders import LOADERS, readable
from kb.sources.source import Source
from web.desk.proof import web_link

NAME_MAX = 120
ODD = re.compile(r"[^\w .()+-]+")
FOLDER = "uploads"  # in HANDRAIL_HOME: API and index worker must see the same one


class UploadRefused(BadRequest):
    """This file can't be taken."""


def keep(settings: Settings, site: str, given: str, data: BinaryIO, *, title: str = "", url: str = "") -> Source:
    """Write the file into the site's folder; one of the same name is a new version of the same document.

    Raises UploadRefused for a kind that no loader reads, an empty or too large one, or a link that leads nowhere.
    """
    name = safe_name(given)
    if url and not (web_link(url) and url.startswith("http")):
        raise UploadRefused("The link for citations must begin with https:// or http://.")
    folder = settings.home.resolve() / FOLDER / site
    folder.mkdir(parents=True, exist_ok=True)
    _write(data, folder / name, settings.desk_upload_bytes)
    return Source("file", str(folder / name), title=title.strip(), url=url.strip())


def safe_name(given: str) -> str:
    """The file's own name, with nothing in it that means something to a file system. Raises UploadRefused."""
    name = PurePosixPath(given.replace("\\", "/")).name
    name = ODD.sub("_", name).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    name = f"{stem[:NAME_MAX]}{dot}{suffix[:10]}"
    if not stem or not readable(name):
        kinds = ", ".join(sorted({suffix for loader in LOADERS for suffix in loader.suffixes}))
        raise UploadRefused(f"Choose a file of a kind that can be read: {kinds}.")
    return name


def _write(data: BinaryIO, path: Path, most: int) -> None:
    """Whole, or not at all: a worker may read at any moment."""
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        try:
            shutil.copyfileobj(data, file)
            size = file.tell()
            if not size or size > most:
                what = f"is larger than {most // 1024 // 1024} MB: split it into several" if size else "is empty"
                raise UploadRefused(f"The file {what}.")  # noqa: TRY301
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
