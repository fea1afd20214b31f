"""Cheap targets for benchmarks: sshd processes that share the machine's system."""

import os
import shutil

PER_SERVER = 16

# On the supervisor's own /run, which only the fleet sees and which ends with it.
AREA = "/run/fleet"


def start(directory, targets, public_key):
    """Starts one sshd for every 16 targets; returns name → pid."""
    os.mkdir(AREA)
    shutil.copy(directory.file("hostkeys", "shared"), f"{AREA}/hostkey")
    with open(f"{AREA}/authorized_keys", "w") as stream:
        stream.write(public_key)
    pids = {}
    for first in range(0, len(targets), PER_SERVER):
        group = targets[first : first + PER_SERVER]
        path = f"{AREA}/sshd_{first // PER_SERVER}.conf"
        with open(path, "w") as stream:
            stream.write(_config(group))
        pid = os.posix_spawn(
            "/usr/sbin/sshd",
            ["/usr/sbin/sshd", "-D", "-e", "-f", path],
            {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")},
        )
        pids |= {t.name: pid for t in group}
    return pids


def _config(group):
    lines = [f"Port {group[0].port}"]
    lines += [f"ListenAddress {t.address}" for t in group]
    lines += [
        f"HostKey {AREA}/hostkey",
        f"AuthorizedKeysFile {AREA}/authorized_keys",
        "KexAlgorithms curve25519-sha256",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "StrictModes no",
        "UsePAM no",
        "UseDNS no",
        "PidFile none",
        "PrintMotd no",
        "PrintLastLog no",
        "LogLevel ERROR",
        "MaxStartups 1000",
        "MaxSessions 1000",
        "Subsystem sftp internal-sftp",
    ]
    for t in group:
        home = f"{AREA}/homes/{t.name}"
        os.makedirs(home)
        lines += [f"Match LocalAddress {t.address}", f"  SetEnv HOME={home}"]
    return "\n".join(lines) + "\n"
