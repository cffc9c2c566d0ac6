"""Where embedded servers live that can't live in their home: rooms under shared directories, tied to their owner.

PostgreSQL refuses root, so root's servers run as nobody, who can't walk into root's home or a closed temporary
directory; and the path of a socket must be short.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import stat
from pathlib import Path

from core.errors import Unavailable

NOBODY = "nobody"
OWNER = "owner"  # file in a room: whose it is
VAR, TMP = Path("/var/tmp"), Path("/tmp")  # noqa: S108 - every room in there is checked for its owner


class RoomTaken(Unavailable):
    """A directory that the embedded servers need belongs to somebody else."""


def walkable(path: Path) -> bool:
    """True where somebody who is not root can reach `path`."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))


def stamp_of(home: Path) -> str:
    """A random word kept in `home`: one that was deleted and made anew must not find its old data."""
    stamp = home / "servers.id"
    if not stamp.exists():
        stamp.write_text(secrets.token_hex(8))
    return stamp.read_text()


def room_of(parent: Path, owner: Path, stamp: str, mode: int = 0o700) -> Path:
    """A directory of ours under the shared `parent`, tied to `owner`. Refuses one that somebody else made."""
    forget_the_ownerless(parent)
    room = parent / f"handrail-{hashlib.sha256(f'{owner}:{stamp}'.encode()).hexdigest()[:12]}"
    room.mkdir(mode=mode, exist_ok=True)
    if room.is_symlink() or room.stat().st_uid not in _ourselves():
        raise RoomTaken(f"{room} belongs to somebody else: remove it, or choose another HANDRAIL_HOME.")
    (room / OWNER).write_text(f"{owner}\n{stamp}")
    return room


def forget_the_ownerless(parent: Path) -> None:
    """Remove what is left of homes and installations that are no longer there."""
    for room in parent.glob("handrail-*"):
        try:
            ours = not room.is_symlink() and room.stat().st_uid in _ourselves()
            if ours and _is_ownerless(room):
                shutil.rmtree(room, ignore_errors=True)
        except OSError:  # somebody else removed it just now, or closed it to us
            continue


def _is_ownerless(room: Path) -> bool:
    if not (room / OWNER).is_file():
        return False
    owner, stamp = (room / OWNER).read_text().split("\n")
    kept = Path(owner) / "servers.id"
    return not Path(owner).exists() or (kept.exists() and kept.read_text() != stamp)


def _ourselves() -> set[int]:
    return {os.geteuid(), pwd.getpwnam(NOBODY).pw_uid} if os.geteuid() == 0 else {os.geteuid()}


def copied(package: Path) -> Path:
    """`package` and the libraries that its wheel keeps beside it, where nobody can read them."""
    room = room_of(VAR, package, str((package / "pginstall/bin/postgres").stat().st_mtime_ns), 0o755)
    target = room / package.name
    if not target.exists():
        for source in (package.with_name(f"{package.name}.libs"), package):  # the package last: then all is there
            partial = room / f"{source.name}.{os.getpid()}"
            shutil.copytree(source, partial, symlinks=True)
            try:
                partial.rename(room / source.name)
            except OSError:  # another starter was quicker
                shutil.rmtree(partial)
    return target
