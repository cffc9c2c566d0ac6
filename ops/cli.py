"""The console script `handrail`: the product's commands, and those that run and judge it."""

from pathlib import Path
from typing import Annotated

import typer

from ops.bench.names import ALL, Bench
from ops.evals.commands import evals
from ops.evals.gate_watch import try_changes
from ops.evals.plant_names import Planted
from ops.evals.report.commands import nightly
from web.cli import make_cli, run
from web.commands.kb import kb

app = make_cli()
app.add_typer(evals, name="eval")
app.command()(nightly)
kb.command("try")(try_changes)

slack = typer.Typer(help="Setting Slack up: docs/slack.md has every step.", no_args_is_help=True)
app.add_typer(slack, name="slack")


@slack.command()
def manifest(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where Slack reaches this Handrail: https://…")],
) -> None:
    """Print the app's manifest, to be pasted where Slack makes a new app."""
    from ops.slack.manifest import filled

    typer.echo(filled(url))


@slack.callback()
def about_slack() -> None:
    """Slack's own commands stand below it, also while there is but one."""


@app.command()
def demo() -> None:
    """Start everything on this machine, with the demo shop: no key and no account needed."""
    from ops.demo.stage import DemoShop
    from ops.supervisor import run_demo

    run_demo(DemoShop())


@app.command(name="demo-wordpress")
def demo_on_wordpress(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the WordPress site.")] = 8081,
) -> None:
    """Start everything on this machine, behind a real WordPress with the plugin; it needs PHP."""
    from ops.supervisor import run_demo
    from ops.wordpress.demo import OnWordPress

    run_demo(OnWordPress(port))


@app.command()
def eval_answerability(
    *,
    oos: Annotated[Path | None, typer.Option(help='Out of scope, one {"text": …} a line; else CLINC150.')] = None,
    json: Annotated[bool, typer.Option(help="Print all figures as JSON.")] = False,
) -> None:
    """Judge on the demo shop whether the search knows when nothing answers; exit code 1 below the targets."""
    from ops.apart import apart
    from ops.evals.answerability import run_answerability

    with apart("eval-answerability"):
        good = run_answerability(oos, as_json=json)
    raise typer.Exit(0 if good else 1)


@app.command()
def bench(
    which: Annotated[list[Bench] | None, typer.Argument(help="Which ones; turn to phases by default.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns to measure for each situation.")] = 40,
    turns: Annotated[int, typer.Option(help="Turns of the soak.")] = 10_000,
    sizes: Annotated[str, typer.Option(help="Of retrieval: chunks in all, by commas.")] = "1000,10000,100000",
    *,
    quick: Annotated[bool, typer.Option(help="Retrieval and indexing in seconds, on little.")] = False,
    peers: Annotated[Path | None, typer.Option(help="A folder with tantivy and bm25s, to measure them, too.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write retrieval's or indexing's figures to this file.")] = None,
) -> None:
    """Measure what a turn costs: overhead, load, memory, long conversations, phases; beside floors in the same run.

    And, when they are named: retrieval and indexing, beside others on the same data; webhooks.
    """
    from ops.bench.run import Size, run_bench

    chunks = tuple(int(size) for size in sizes.split(","))
    run_bench(which or ALL, rounds, turns, Size(chunks, quick, peers, json))


@app.command()
def chaos(
    parts: Annotated[list[str] | None, typer.Argument(help="worker, api, scheduler, valkey, postgres; or all.")] = None,
    *,
    rounds: Annotated[int, typer.Option(help="Kills of each kind of process, at least.")] = 200,
    messages: Annotated[int, typer.Option(help="Messages while PostgreSQL is stopped again and again.")] = 5_000,
    short: Annotated[bool, typer.Option(help="A minute of everything.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file, too.")] = None,
) -> None:
    """Kill every process at every write and both servers at any moment; exit code 1 where a promise is broken."""
    from ops.apart import apart
    from ops.chaos.parts import SHORT, Size
    from ops.chaos.run import run_chaos

    with apart("chaos"):
        good = run_chaos([SHORT] if short else parts or [], Size(rounds, messages), json=json)
    raise typer.Exit(0 if good else 1)


@app.command()
def race(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Conversations, one after the other.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Of what everybody chooses to do.")] = 0,
) -> None:
    """Let visitor, bot and two of the staff act at once, and judge it; exit code 1 where a promise is broken."""
    from ops.apart import apart
    from ops.race.run import run_races

    with apart("race"):
        figures = run_races(rounds, seed)
    typer.echo(str(figures))
    raise typer.Exit(1 if figures.faults else 0)


@app.command(name="eval-retrieval")
def judge_retrieval(
    folder: Annotated[
        Path | None, typer.Argument(help="Holds corpus.jsonl, queries.jsonl, qrels.tsv; the demo's own by default.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Questions at most, drawn by the seed; 0: all.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the draw and of the intervals.")] = 0,
    half: Annotated[
        str, typer.Option(help="a or b: one half of the questions, to tune on one and report the other.")
    ] = "",
) -> None:
    """Index a retrieval set into a site of its own, search it as visitors do, and print nDCG@10 and recall@10."""
    from ops.evals.retrieval_command import run_retrieval

    if half not in {"", "a", "b"}:
        raise typer.BadParameter("it is a or b", param_hint="--half")
    run_retrieval(folder, as_json=json, limit=limit, seed=seed, half=half or None)  # type: ignore[arg-type]


@app.command(name="eval-guards")
def judge_guards(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Texts with labelled spans, or without any; our own by default.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    show: Annotated[bool, typer.Option(help="Print every text at fault.")] = False,
) -> None:
    """Judge how personal data is found, what leaks and what is taken for it; exit code 1 below the targets."""
    from ops.evals.pii import run_pii

    raise typer.Exit(0 if run_pii(files or (), as_json=json, show=show) else 1)


@app.command()
def eval_regressions(
    *,
    only: Annotated[
        Planted | None, typer.Option(help="This kind of fault alone; several may run side by side.")
    ] = None,
    cases: Annotated[int, typer.Option(min=0, help="Of the demo's suite, spread over it; 0: all.")] = 0,
    forms: Annotated[int, typer.Option(min=0, max=10, help="Of each fault.")] = 10,
    unchanged: Annotated[int, typer.Option(min=0, help="Nights in which nothing is planted.")] = 20,
    json: Annotated[Path | None, typer.Option(help="Write each night to this file.")] = None,
) -> None:
    """Plant faults and see whether the nightly judge hears of each, and of nothing where nothing is planted."""
    from ops.apart import apart
    from ops.evals.regressions_command import run_planted

    with apart(f"eval-regressions-{only}" if only else "eval-regressions"):
        good = run_planted(only=only, cases=cases, forms=forms, unchanged=unchanged, json=json)
    raise typer.Exit(0 if good else 1)


@app.command()
def eval_claims(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    show: Annotated[int, typer.Option(min=0, help="How many of those at fault to show.")] = 0,
) -> None:
    """Change one fact in true sentences about the demo shop: are those stopped, and the true ones let through?"""
    from ops.evals.claims import run_claims

    raise typer.Exit(0 if run_claims(as_json=json, show=show) else 1)


@app.command()
def eval_content(
    texts: Annotated[Path | None, typer.Argument(help='JSON lines with "text", "kind", "bad"; else HateCheck.')] = None,
    benign: Annotated[Path | None, typer.Option(help='What must pass: JSON lines with "text".')] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
) -> None:
    """What does the content filter turn away: of hatred, of what only looks like it, of what customers say?"""
    from ops.evals.content import run_content

    raise typer.Exit(0 if run_content(texts, benign, as_json=json) else 1)


@app.command()
def eval_injection(
    attacks: Annotated[Path | None, typer.Argument(help='JSON lines with "text", "label", "channel".')] = None,
    benign: Annotated[
        Path | None, typer.Option(help='Messages that none may be refused of: JSON lines with "text".')
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Attacks of the file to play, drawn by the seed; 0: all.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 7,
) -> None:
    """Let a hijacked model obey planted attacks: what does it reach? And what does the screen turn away?"""
    from ops.apart import apart
    from ops.evals.injection import run_injection

    with apart("eval-injection"):
        good = run_injection(attacks, benign, as_json=json, limit=limit, seed=seed)
    raise typer.Exit(0 if good else 1)


@app.command()
def simulate(
    visitors: Annotated[
        Path | None, typer.Argument(help="A YAML list of visitors; the demo shop's by default.")
    ] = None,
    *,
    model: Annotated[bool, typer.Option(help="Have the model that is set play the visitors.")] = False,
    only: Annotated[str, typer.Option(help="The one with this id, or those with this tag.")] = "",
    json: Annotated[Path | None, typer.Option(help="Write what was said and found to this file.")] = None,
) -> None:
    """Let played visitors talk to a whole Handrail by its public API; exit code 1 where one leaves it otherwise."""
    from ops.simulation.run import run_simulation

    raise typer.Exit(0 if run_simulation(visitors, model=model, only=only, as_json=json) else 1)


def main() -> None:
    """Run the command that was typed."""
    run(app)


if __name__ == "__main__":
    main()
