"""`python -m ops.chaos [PART …]` is `handrail chaos`."""

from ops.cli import main

if __name__ == "__main__":
    import sys

    sys.argv.insert(1, "chaos")
    main()
