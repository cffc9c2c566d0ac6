"""The console script `handrail`: the product's commands, and those that run and judge it."""

from pathlib import Path
from typing import Annotated

import typer

from ops.bench.names import ALL, Bench
from web.cli import make_cli, run

app = make_cli()


@app.command()
def demo() -> None:
    """Start everything on this machine, with the demo shop: no key and no account needed."""
    from ops.supervisor import run_demo

    run_demo()


@app.command(name="eval")
def judge(
    questions: Annotated[Path | None, typer.Argument(help="A YAML file; the demo's own by default.")] = None,
    *,
    verbose: Annotated[bool, typer.Option(help="Show every answer, not only those at fault.")] = False,
) -> None:
    """Ask golden questions about the demo shop along a visitor's path; exit code 1 below the targets."""
    from ops.apart import apart
    from ops.evals.demo import QUESTIONS, run_eval

    with apart("eval"):
        good = run_eval(questions or QUESTIONS, verbose=verbose)
    raise typer.Exit(0 if good else 1)


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
    which: Annotated[list[Bench] | None, typer.Argument(help="Which ones; all but soak by default.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns to measure for each situation.")] = 40,
    turns: Annotated[int, typer.Option(help="Turns of the soak.")] = 10_000,
) -> None:
    """Measure what a turn costs: overhead, load, memory, long conversations, phases; beside floors in the same run."""
    from ops.bench.run import run_bench

    run_bench(which or ALL, rounds, turns)


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


def main() -> None:
    """Run the command that was typed."""
    run(app)


if __name__ == "__main__":
    main()
