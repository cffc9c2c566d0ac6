"""SQL that more than one part of a turn's writing needs."""

from sqlalchemy import text

# For what can be lost with the database's last half second: nobody waits until this commit has reached the disk.
SOON = text("SET LOCAL synchronous_commit = off")
