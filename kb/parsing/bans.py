"""What a process that reads strangers' files may never do, kept by a filter in the kernel, or by Python's audit hook.

The filter is classic BPF over system call numbers (seccomp, `man 2 seccomp`), written by hand so that nothing needs to
be installed. It can't be taken back, and it binds C libraries as well as Python; the audit hook binds Python alone.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable

from kb.parsing.readable import only_read

PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000  # a second set of numbers that x86-64 kernels may know

# Numbers from the kernel's tables: (x86_64, aarch64); None where an architecture has no such call.
NETWORK = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "sendto": (44, 206), "sendmsg": (46, 211),
    "bind": (49, 200), "listen": (50, 201), "socketpair": (53, 199), "accept4": (288, 242), "sendmmsg": (307, 269),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
}  # fmt: skip
PROCESSES = {
    "clone": (56, 220), "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "unshare": (272, 97), "setns": (308, 268),
    "setrlimit": (160, 164), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "init_module": (175, 105),
    "finit_module": (313, 273), "kexec_load": (246, 104), "reboot": (169, 142), "memfd_create": (319, 279),
    "shmget": (29, 194), "mq_open": (240, 180),
}  # fmt: skip
FILES = {
    "openat2": (437, 437), "creat": (85, None), "truncate": (76, 45), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "link": (86, None),
    "linkat": (265, 37), "unlink": (87, None), "unlinkat": (263, 35), "symlink": (88, None), "symlinkat": (266, 36),
    "chmod": (90, None), "fchmodat": (268, 53), "chown": (92, None), "lchown": (94, None), "fchownat": (260, 54),
    "mknod": (133, None), "mknodat": (259, 33), "mount": (165, 40), "umount2": (166, 39), "chroot": (161, 51),
    "pivot_root": (155, 41), "open_by_handle_at": (304, 265), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "mount_setattr": (442, 442),
}  # fmt: skip
CLONE3 = 435  # the C library goes on with clone() where it hears that there is none
OPENAT, OPEN = (257, 56), 2
TGKILL, PRLIMIT = (234, 131), (302, 261)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, DENY = 0x7FFF0000, 0x00050000  # the latter with an errno
REFUSED = DENY | errno.EPERM
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; each argument has eight bytes

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, operand

BANNED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.")


def seal(readable: Iterable[str]) -> str:
    """Ban network, other processes, writing to files, and reading but beneath `readable`; for good.

    Returns what keeps it: "seccomp and landlock", "seccomp" or "audit" (then files can be read).
    """
    libc = ctypes.CDLL(None)
    linux = sys.platform == "linux" and libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    landlock = linux and only_read(readable)
    keeper = _keep([*_refuse(NETWORK, PROCESSES, FILES), *_conditions()])
    return f"{keeper} and landlock" if landlock else keeper


def ban_network() -> str:
    """Ban the network alone, also for the programs that this process becomes. Returns "seccomp" or "audit"."""
    return _keep(_refuse(NETWORK))


def _keep(steps: list[Step]) -> str:
    if sys.platform == "linux" and platform.machine() in AUDIT_ARCHITECTURES and _install(steps):
        return "seccomp"
    sys.addaudithook(_refuse_event)
    return "audit"


def _refuse_event(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(BANNED_EVENTS):
        raise PermissionError(errno.EPERM, f"{event} is banned where strangers' files are read")


def _which() -> int:
    return 0 if platform.machine() == "x86_64" else 1


def _refuse(*groups: dict[str, tuple[int, int | None]] | dict[str, tuple[int, int]]) -> list[Step]:
    numbers = (pair[_which()] for group in groups for pair in group.values())
    return [step for number in numbers if number is not None for step in _if_call(number, [(RETURN, 0, 0, REFUSED)])]


def _if_call(number: int, then: list[Step]) -> list[Step]:
    return [(JUMP_EQUAL, 0, len(then), number), *then]


def _conditions() -> list[Step]:
    """Calls that may be made in one way only."""
    machine, own = _which(), os.getpid()
    opens = [(OPENAT[machine], 2)] + ([(OPEN, 1)] if machine == 0 else [])
    verdict = [(RETURN, 0, 0, REFUSED), (RETURN, 0, 0, ALLOW)]
    steps = _if_call(CLONE3, [(RETURN, 0, 0, DENY | errno.ENOSYS)])
    for number, argument in opens:  # reading alone
        steps += _if_call(number, [_argument(argument), (JUMP_SET, 0, 1, WRITING), *verdict])
    # A signal to itself, as abort() sends one; limits are asked for, never set.
    steps += _if_call(TGKILL[machine], [_argument(0), (JUMP_EQUAL, 1, 0, own), *verdict])
    null = [_argument(2), (JUMP_EQUAL, 0, 2, 0), _argument(2, high=True), (JUMP_EQUAL, 1, 0, 0)]
    return steps + _if_call(PRLIMIT[machine], [*null, *verdict])


def _argument(index: int, *, high: bool = False) -> Step:
    return (LOAD, 0, 0, ARGUMENTS + 8 * index + 4 * high)


def _program(steps: Iterable[Step]) -> bytes:
    begin: list[Step] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCHITECTURES[platform.machine()]),
        (RETURN, 0, 0, REFUSED),
        (LOAD, 0, 0, NUMBER),
        (JUMP_AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, REFUSED),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in [*begin, *steps, (RETURN, 0, 0, ALLOW)])


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _install(steps: list[Step]) -> bool:
    """True where the kernel took it."""
    libc = ctypes.CDLL(None)
    program = _program(steps)
    wanted = _Filter(len(program) // 8, program)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(wanted), 0, 0) == 0)
