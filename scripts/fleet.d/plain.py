"""Cheap targets for benchmarks: an sshd each, in the machine's own system."""

import os
import shutil

import kernel

# On the supervisor's own /run, which only the fleet sees and which ends with it.
AREA = "/run/fleet"


def start(directory, targets, public_key):
    """Starts an sshd for every target; returns name → pid."""
    os.mkdir(AREA)
    shutil.copy(directory.file("hostkeys", "shared"), f"{AREA}/hostkey")
    with open(f"{AREA}/authorized_keys", "w") as stream:
        stream.write(public_key)
    pids = {}
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    for target in targets:
        home = f"{AREA}/homes/{target.name}"
        os.makedirs(home)
        config = f"{AREA}/sshd_{target.name}.conf"
        with open(config, "w") as stream:
            stream.write(_config(target, home))
        kernel.unshare(kernel.CLONE_NEWPID)
        pids[target.name] = os.fork()
        if pids[target.name] == 0:
            _child(target, config)
        kernel.setns(own, kernel.CLONE_NEWPID)
    os.close(own)
    return pids


def _child(target, config):
    try:
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.mount("proc", "/proc", "proc", kernel.QUIET)
        _own_state(f"{AREA}/state/{target.name}")
        environment = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")}
        os.execve("/usr/sbin/sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", config], environment)
    except BaseException as problem:
        print(f"{target.name}: {type(problem).__name__}: {problem}", flush=True)
    finally:
        os._exit(1)


def _own_state(folder):
    """Gives the target a /var/lib of its own: what runs remember of it is there."""
    for part in ("upper", "work"):
        os.makedirs(os.path.join(folder, part))
    layers = f"lowerdir=/var/lib,upperdir={folder}/upper,workdir={folder}/work"
    kernel.mount("overlay", "/var/lib", "overlay", 0, layers)


def _config(target, home):
    lines = [
        f"Port {target.port}",
        f"ListenAddress {target.address}",
        f"SetEnv HOME={home}",
        f"HostKey {AREA}/hostkey",
        f"AuthorizedKeysFile {AREA}/authorized_keys",
        # One algorithm by both its names: paramiko, for one, knows the older one only.
        "KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org",
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
    return "\n".join(lines) + "\n"
