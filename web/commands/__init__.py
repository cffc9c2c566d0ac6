"""The command line's commands, by subject. Each imports what it needs when it runs: `handrail --help` is quick."""
