"""`handrail kb`: what a site knows, what is wrong with it, and what to do about it."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from web.commands import kb_acts, kb_gate, kb_look, kb_models, row_security
from web.commands.place import at_home

if TYPE_CHECKING:
    from kb.documents.overview import Overview, Trouble

kb = typer.Typer(help="What a site knows: states, reasons, probes, pauses, models.", no_args_is_help=True)

# To add one: write it in one of these files, add it here.
for command in (
    *(kb_look.probe, kb_look.history, kb_look.export),
    *(kb_acts.add, kb_acts.remove, kb_acts.retry, kb_acts.reindex, kb_acts.pause, kb_acts.resume, kb_acts.cancel),
    *(kb_gate.gate, kb_gate.waiting, kb_gate.let_live, kb_gate.throw_away),
    *(kb_models.reembed, row_security.row_security),
):
    kb.command()(command)


@kb.command()
def status(
    *,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every document with its state, too.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a site and line.")] = False,
) -> None:
    """Show documents by state, what failed and why, how fresh the index is, its model, and what to do."""
    with at_home():
        from sqlalchemy import select

        from core.db import transaction
        from core.models import Document, Site
        from kb.documents.overview import overview
        from kb.documents.steering import checked_site

        with transaction() as session:
            sites = [checked_site(session, site)] if site else session.scalars(select(Site).order_by(Site.id)).all()
            for each in sites:
                found = overview(session, each)
                typer.echo(json.dumps(found.as_json(), default=str) if json_ else _text(found))
                columns = select(Document.state, Document.id, Document.locator).where(Document.site_id == each.id)
                for row in session.execute(columns.order_by(Document.locator)) if all_ and not json_ else ():
                    typer.echo(f"  {row.state:<10}  {row.id}  {row.locator}")
    if not sites:
        typer.echo("There is no site yet: `handrail site create ID --name NAME` makes one.")


def _text(found: "Overview") -> str:
    state = found.freshness
    counts = ", ".join(f"{count} {name}" for name, count in state.states.items()) or "no documents"
    lines = [
        f"{found.site}: {counts}",
        f"  index     {state.kind}; last read {_moment(state.newest_at)}",
        f"  holds     {found.chunks} chunks in {found.segments} segments",
        f"  model     {found.model or 'none yet'}",
    ]
    if state.waiting_since:
        lines.append(f"  waiting   {state.queued} documents, the oldest since {_moment(state.waiting_since)}")
    gate = (("being tried", found.tried), ("for a person", found.held))
    lines += [
        f"  gate      {count.changes} changes wait, {which}; the oldest since {_moment(count.since)}"
        for which, count in gate
        if count.changes
    ]
    if found.paused_documents:
        lines.append(f"  paused    {found.paused_documents} documents")
    if found.unverified:
        lines.append(
            f"  removed   {found.unverified} documents, of which it was not seen yet that they are found no more"
        )
    lines += [_trouble(one) for one in found.troubles]
    if len(found.troubles) < state.failed:
        lines.append(f"  … and more: these are the first {len(found.troubles)}.")
    return "\n".join([*lines, *(f"  → {sentence}" for sentence in found.advice)])


def _trouble(one: "Trouble") -> str:
    again = f" (attempt {one.attempts}; again {_moment(one.again_at)})" if one.again_at else ""
    return f"  {one.state:<9} {one.locator}: {one.reason}{again}"


def _moment(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}" if at else "never"
