"""The few Linux calls that Python 3.11 does not offer."""

import ctypes
import os

CLONE_NEWTIME = 0x00000080
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
# For file systems that hold no programs and no devices.
QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC

SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

PR_SET_NAME = 15
PR_CAPBSET_DROP = 24

# capability(7): what would let root on a target change the machine under it.
MACHINE_CAPABILITIES = {
    "NET_ADMIN": 12,
    "SYS_MODULE": 16,
    "SYS_RAWIO": 17,
    "SYS_TIME": 25,
    "MKNOD": 27,
    "SYSLOG": 34,
}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags):
    _check(_libc.unshare(flags), "unshare")


def setns(descriptor, kind):
    _check(_libc.setns(descriptor, kind), "setns")


def mount(source, where, kind=None, flags=0, options=None):
    def text(value):
        return None if value is None else os.fsencode(value)

    result = _libc.mount(
        text(source), text(where), text(kind), ctypes.c_ulong(flags), text(options)
    )
    _check(result, f"mount {kind or 'bind'} on {where}")


def bind(source, where, read_only=False):
    mount(source, where, flags=MS_BIND)
    if read_only:
        mount(None, where, flags=MS_BIND | MS_REMOUNT | MS_RDONLY)


def make_mounts_private():
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def enter_root(new_root):
    """Makes `new_root` the root and takes the old one out of sight."""
    os.chdir(new_root)
    number = SYS_PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(f"no pivot_root number known for {os.uname().machine}")
    _check(_libc.syscall(number, b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")


def drop_machine_capabilities():
    for number in MACHINE_CAPABILITIES.values():
        _check(_libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "prctl")


def name_process(name):
    _libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)
