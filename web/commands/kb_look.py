"""`handrail kb probe`, `history` and `export`: what is found, how a document fared, and all of it as JSON lines."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import BadRequest
from web.commands.place import at_home

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SiteOption = Annotated[str, typer.Option("--site", help="The site.")]
DocumentArgument = Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its path, address or id, or the end of it.")]
MOMENT = "%Y-%m-%d %H:%M:%S"
PAGE = 200  # documents read at a time, so that a large site does not fill memory


def probe(
    question: Annotated[str | None, typer.Argument(metavar="[QUESTION]", help="What a visitor would ask.")] = None,
    *,
    site: SiteOption,
    document: Annotated[str | None, typer.Option(help="Is this one found by its own words, or gone?")] = None,
    channel: Annotated[str, typer.Option(help="Where it would be asked.")] = "web",
    json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Search as the agent does, and show what is found, how it scored, and whether that would be answered from."""
    if (question is None) == (document is None):
        raise BadRequest("Give a question, or `--document` to look for one by its own words.")
    with at_home():
        from core.db import reading
        from kb.documents.steering import checked_site

        with reading() as session:
            checked_site(session, site)
            if question is not None:
                found = _of_question(session, site, channel, question)
            else:
                found = _of_document(session, site, document or "")
    typer.echo(json.dumps(found, default=str) if json_ else found["text"])
    if document is not None and not found["as_it_should_be"]:
        raise typer.Exit(1)


def _of_question(session: "Session", site: str, channel: str, question: str) -> dict[str, Any]:
    from kb.search.answerable import LIMIT
    from kb.search.hybrid import search

    found = search(session, site_id=site, channel=channel, query=question, top_k=8)
    rows = [
        {"id": one.id, "score": one.score, "title": one.title, "section": one.section, "url": one.url}
        for one in found.snippets
    ]
    verdict = "an answer" if found.answerable >= LIMIT else "no answer"
    lines = [f"{row['score']:.3f}  {row['id']:<9}  {row['section'] or row['title']}  {row['url']}" for row in rows]
    lines.append(f"answerable {found.answerable:.2f}: {verdict}{f' ({found.reason})' if found.reason else ''}")
    return {"question": question, "found": rows, "answerable": found.answerable, "text": "\n".join(lines)}


def _of_document(session: "Session", site: str, document: str) -> dict[str, Any]:
    from kb.documents.probing import own_words, probe
    from kb.documents.steering import find_document

    row = find_document(session, site, document)
    words = own_words(session, row.id) or row.probe or row.title or row.locator
    result = probe(session, row, words)
    live = row.state == "live"
    place = f"found, in place {result.rank}" if result.rank else "not found"
    said = f"{row.locator} is {row.state} and is {place} by its own words (channel {result.channel})."
    right = (result.rank is not None) == live
    if not right:
        said += f" That is wrong: `handrail kb reindex --site {site} {row.id}`." if live else " It must not be."
    return {"document": row.locator, "state": row.state, "rank": result.rank, "as_it_should_be": right, "text": said}


def history(document: DocumentArgument, site: SiteOption) -> None:
    """Show what happened to a document, oldest first."""
    with at_home():
        from sqlalchemy import select

        from core.db import reading
        from core.models import DocumentEvent
        from kb.documents.steering import find_document

        with reading() as session:
            row = find_document(session, site, document)
            events = select(DocumentEvent).where(DocumentEvent.document_id == row.id).order_by(DocumentEvent.id)
            lines = [
                f"{one.at:%Y-%m-%d %H:%M:%S}  {one.state:<10}  {one.reason}".rstrip() for one in session.scalars(events)
            ]
            next_ = f"; to be read at {row.due_at:{MOMENT}}" if row.due_at else ""
            paused = "; paused" if row.paused else ""
    typer.echo("\n".join([f"{row.locator}: {row.state}{next_}{paused}", *lines]))


def export(
    site: SiteOption,
    to: Annotated[Path | None, typer.Option(help="A file; else it is printed.")] = None,
) -> None:
    """Write all documents as JSON lines: what is said about each, its state, and its text chunk by chunk."""
    with at_home():
        from core.db import reading
        from kb.documents.steering import checked_site

        out = to.open("w", encoding="utf-8") if to else sys.stdout
        count = 0
        try:
            with reading() as session:
                checked_site(session, site)
                for row in _exported(session, site):
                    out.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
                    count += 1
        finally:
            if to:
                out.close()
    typer.echo(f"{count} documents.", err=True)


def _exported(session: "Session", site: str) -> Iterator[dict[str, Any]]:
    from sqlalchemy import select

    from core.models import Chunk, Document

    after = ""
    while True:
        wanted = select(Document).where(Document.site_id == site, Document.locator > after)
        rows = session.scalars(wanted.order_by(Document.locator).limit(PAGE)).all()
        if not rows:
            return
        chunks: dict[Any, list[dict[str, Any]]] = {row.id: [] for row in rows}
        texts = select(Chunk).where(Chunk.document_id.in_(chunks)).order_by(Chunk.document_id, Chunk.position)
        for one in session.scalars(texts):
            chunks[one.document_id].append({"id": one.id, "section": one.section, "page": one.page, "text": one.text})
        for row in rows:
            yield _described(row) | {"chunks": chunks[row.id]}
        after = rows[-1].locator
        session.expunge_all()


def _described(row: Any) -> dict[str, Any]:
    names = ("id", "source", "locator", "title", "url", "channels", "language", "state", "reason", "updated_at")
    return {name: getattr(row, name) for name in (*names, "checked_at")}
