"""Whether anything is left of what was erased: looked for in every table, in all that Valkey holds, and in every file.

PostgreSQL's own files are not read: a deleted row stays in its page until that is used again, and backups are the
operator's. Valkey is asked to write its file anew first, so that it holds no more than its memory does.
"""

import json
import time
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import bus
from core.db import transaction
from core.log import get_logger
from core.models import Erasure
from core.queue import QUEUES
from core.settings import Settings

log = get_logger(__name__)

PATIENCE = text("SET LOCAL statement_timeout = '10min'")  # a look through a large table takes its time
COLUMNS = text("""
    SELECT table_name, column_name, udt_name FROM information_schema.columns
    WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position
""")
NUMBERS = {"vector", "halfvec", "sparsevec"}  # nobody's words stand in them
ABOUT_ERASING = {"erasures", "audit_log"}  # may name a conversation by its id, and keep no word of it
OURS = ("postgres",)  # what the server keeps in its pages until they are used again
IDS_STAND = ("log", "valkey")  # lines about a conversation; what Valkey holds was looked through, marks and all
PART = 1 << 20  # bytes of a file at a time
REWRITE_S = 10.0  # for Valkey's file
AT_ONCE = 50  # erasures looked for in one go


@dataclass(frozen=True)
class Sighting:
    """A place where something still is: "table messages", "Valkey thread:0b9f…", "file log/worker.log"."""

    place: str
    count: int


@dataclass(frozen=True)
class Look:
    """What one look covered, and what it found. `silent`: places that could not be read, and why."""

    tables: int
    keys: int
    files: int
    found: tuple[Sighting, ...]
    silent: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As a receipt has it."""
        return {
            "at": datetime.now(UTC).isoformat(),
            "looked": {"tables": self.tables, "keys": self.keys, "files": self.files},
            "found": [vars(each) for each in self.found],
            "not_read": list(self.silent),
        }


def look_for(words: Sequence[str], settings: Settings, *, receipts: bool = True) -> Look:
    """Where any of `words` still stands, as it is or escaped as in JSON, whatever its case.

    Without `receipts`, ids in the records of erasing itself are none, nor those in marks that expire within the hour,
    nor in jobs that wait, and will find nothing when their turn comes; nor in logs, which name ids and hold no words.
    """
    spellings = _spellings(words)
    tables, found = _in_tables(spellings, leave=() if receipts else ABOUT_ERASING)
    silent: list[str] = []
    keys = 0
    try:
        keys, sighted = _in_valkey(settings.redis_url, spellings, marks=receipts)
        found += sighted
    except redis.RedisError as error:
        silent.append(f"Valkey: {type(error).__name__}")
    files, sighted = _in_files(settings.home, spellings, silent, leave=OURS if receipts else (*OURS, *IDS_STAND))
    return Look(tables, keys, files, tuple(found + sighted), tuple(silent))


def probe(settings: Settings) -> int:
    """Look for what was erased and not looked for yet, and note what was found with its receipt. Returns how many."""
    with transaction() as session:
        waiting = _waiting(session)
    if not waiting:
        return 0
    everything = look_for([id_ for row in waiting for id_ in row.facts["ids"]], settings, receipts=False)
    for row in waiting:  # seldom is anything found: then each is looked for by itself
        seen = everything if not everything.found else look_for(row.facts["ids"], settings, receipts=False)
        with transaction() as session:
            session.get_one(Erasure, row.id).probe = seen.as_json()
        if seen.found:
            log.warning("erased_data_found", receipt=str(row.id), places=[each.place for each in seen.found])
    return len(waiting)


def _waiting(session: Session) -> Sequence[Erasure]:
    query = select(Erasure).where(Erasure.probe.is_(None)).order_by(Erasure.erased_at).limit(AT_ONCE)
    return session.scalars(query).all()


def _spellings(words: Sequence[str]) -> tuple[str, ...]:
    """Each word as it is, and as JSON writes it."""
    forms = [(each, json.dumps(each, ensure_ascii=False)[1:-1], json.dumps(each)[1:-1]) for each in words if each]
    return tuple(dict.fromkeys(form for each in forms for form in each))


def _in_tables(spellings: tuple[str, ...], leave: Iterable[str]) -> tuple[int, list[Sighting]]:
    with transaction() as session:
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in session.execute(COLUMNS):
            if kind not in NUMBERS and table not in leave:
                columns.setdefault(table, []).append((column, kind))
    found = [
        Sighting(f"table {table}", count) for table in columns if (count := _count(table, columns[table], spellings))
    ]
    return len(columns), found


def _count(table: str, columns: list[tuple[str, str]], spellings: tuple[str, ...]) -> int:
    """The rows of a table that hold any of them in any column; bytes are read as the text that they may be."""
    shown = ", ".join(f"encode({_q(c)}, 'escape')" if kind == "bytea" else f"{_q(c)}::text" for c, kind in columns)
    like = [f"%{_escaped(each)}%" for each in spellings]
    like += [f"%{_escaped(raw)}%" for each in spellings if (raw := _octal(each)) != each]
    asked = text(f"SELECT count(*) FROM {_q(table)} WHERE concat_ws(' ', {shown}) ILIKE ANY(:like)")  # noqa: S608 - names of our own schema, quoted
    with transaction() as session:
        session.execute(PATIENCE)
        return session.scalar(asked, {"like": like}) or 0


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _octal(words: str) -> str:
    """As PostgreSQL's `encode(…, 'escape')` writes its bytes."""
    raw = words.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if b < 128 and b != 92 else "\\\\" if b == 92 else f"\\{b:03o}" for b in raw)  # noqa: PLR2004


def _in_valkey(url: str, spellings: tuple[str, ...], *, marks: bool) -> tuple[int, list[Sighting]]:
    client = redis.Redis.from_url(url, decode_responses=True, encoding_errors="replace", socket_timeout=10)
    with closing(client):
        return _among_keys(client, spellings, marks=marks)


def _among_keys(client: redis.Redis, spellings: tuple[str, ...], *, marks: bool) -> tuple[int, list[Sighting]]:
    found, seen = [], 0
    for key in client.scan_iter(count=1_000):
        seen += 1
        if not marks and (key.endswith(":gone") or key.startswith("limit:") or key in QUEUES.values()):
            continue
        if any(_holds(each, spellings) for each in (key, *_values(client, key))):
            found.append(Sighting(f"Valkey {key}", 1))
    return seen, found


def _values(client: redis.Redis, key: str) -> Iterator[str]:
    """All that a key holds, as text; jobs in a queue with their bodies opened."""
    kind: Any = client.type(key)
    read: dict[str, Any] = {
        "string": lambda: [client.get(key)],
        "list": lambda: client.lrange(key, 0, -1),
        "set": lambda: client.smembers(key),
        "zset": lambda: client.zrange(key, 0, -1),
        "hash": lambda: client.hgetall(key).items(),
        "stream": lambda: client.xrange(key),
    }
    for value in read.get(kind, list)():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        yield shown
        if kind == "list":
            with suppress(ValueError, KeyError, TypeError):
                yield b64decode(json.loads(shown)["body"]).decode("utf-8", "replace")


def _holds(words: str, spellings: tuple[str, ...]) -> bool:
    low = words.casefold()
    return any(each.casefold() in low for each in spellings)


def _in_files(
    home: Path, spellings: tuple[str, ...], silent: list[str], *, leave: tuple[str, ...]
) -> tuple[int, list[Sighting]]:
    _write_anew(silent)
    wanted = tuple(each.lower().encode("utf-8", "surrogatepass") for each in spellings)
    found, seen = [], 0
    for path in sorted(home.rglob("*")):
        inner = path.relative_to(home)
        if inner.parts[0] in leave or path.is_symlink() or not path.is_file():
            continue
        seen += 1
        try:
            if _file_holds(path, wanted):
                found.append(Sighting(f"file {inner}", 1))
        except OSError as error:
            silent.append(f"file {inner}: {error.strerror}")
    return seen, found


def _file_holds(path: Path, wanted: tuple[bytes, ...]) -> bool:
    rest, overlap = b"", max(map(len, wanted), default=1)
    with path.open("rb") as file:
        while part := file.read(PART):
            whole = rest + part.lower()
            if any(each in whole for each in wanted):
                return True
            rest = whole[-overlap:]
    return False


def _write_anew(silent: list[str]) -> None:
    """Have Valkey write its file from its memory. Where that is not ours to ask for, it is whoever runs it who can."""
    client = bus.client()
    try:
        if client.info("persistence").get("aof_enabled"):
            client.bgrewriteaof()
            until = time.monotonic() + REWRITE_S
            while time.monotonic() < until and _rewriting(client):
                time.sleep(0.05)
    except redis.RedisError as error:
        silent.append(f"Valkey's file: {type(error).__name__}")


def _rewriting(client: redis.Redis) -> bool:
    told: Any = client.info("persistence")
    return bool(told.get("aof_rewrite_in_progress") or told.get("aof_rewrite_scheduled"))
