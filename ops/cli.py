"""The console script `handrail`: the product's commands, and those that run and judge it."""

from web.cli import make_cli, run

app = make_cli()


@app.command()
def demo() -> None:
    """Start everything on this machine, with the demo shop: no key and no account needed."""
    from ops.supervisor import run_demo

    run_demo()


def main() -> None:
    """Run the command that was typed."""
    run(app)


if __name__ == "__main__":
    main()
