"""The doors: HTTP, the event stream, the workers' process and the command line."""
