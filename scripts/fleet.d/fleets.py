"""Starting, reaching and ending a fleet from outside it."""

import concurrent.futures
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import layout
import supervisor
from layout import FleetError

READY_SECONDS = 120
STOP_SECONDS = 20
REQUEST_SECONDS = 30
# The machine's own capabilities come back with nsenter; sessions over ssh do not have them.
NSENTER = ["nsenter", "--mount", "--uts", "--ipc", "--pid", "--root", "--wd"]
if os.path.exists("/proc/self/timens_offsets"):
    NSENTER.append("--time")  # else uptime, and when processes began, would be the machine's
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
}


def supervisor_pid(directory):
    """The fleet's own process, or None when it is gone or its number was reused."""
    try:
        with open(directory.file("supervisor.json")) as stream:
            found = json.load(stream)
        with open("/proc/sys/kernel/random/boot_id") as stream:
            same_boot = stream.read().strip() == found["boot_id"]
    except (FileNotFoundError, ValueError, KeyError):
        return None
    alive = same_boot and supervisor.starttime(found["pid"]) == found["starttime"]
    return found["pid"] if alive and found["starttime"] is not None else None


def ask(directory, verb, target=None):
    """One question to the supervisor over its socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(REQUEST_SECONDS)
    try:
        folder = os.open(directory.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            connection.connect(f"/proc/self/fd/{folder}/control.sock")
        finally:
            os.close(folder)
        connection.sendall(json.dumps({"verb": verb, "target": target}).encode() + b"\n")
        answer = json.loads(connection.makefile().readline())
    except (OSError, ValueError) as problem:
        raise FleetError(
            f"the fleet in {directory.path} does not answer: {problem}",
            "clean up with: scripts/fleet stop, then start it again",
        ) from None
    finally:
        connection.close()
    if "error" in answer:
        raise FleetError(answer["error"])
    return answer


def make_keys(directory, targets, plain):
    """Makes the keys that are missing; returns name → public host key."""
    folder = directory.file("hostkeys")
    os.makedirs(folder, exist_ok=True)
    names = ["shared"] if plain else [t.name for t in targets]
    wanted = [(os.path.join(folder, name), f"root@{name}") for name in names]
    wanted.append((directory.file("id_ed25519"), "fleet"))

    def make(path, comment):
        if not os.path.exists(path) or not os.path.exists(path + ".pub"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path],
                input=b"y\n",
                check=True,
                stdout=subprocess.DEVNULL,
            )

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: make(*each), wanted))
    if os.environ.get("SUDO_UID", "").isdigit():
        # Whoever used sudo is to log in without it.
        os.chown(directory.file("id_ed25519"), int(os.environ["SUDO_UID"]), -1)
    public = {}
    for name in names:
        with open(os.path.join(folder, name + ".pub")) as stream:
            public[name] = " ".join(stream.read().split()[:2])
    return {t.name: public["shared" if plain else t.name] for t in targets}


def listening():
    """Every address and port that something on this machine listens on."""
    found = set()
    with open("/proc/net/tcp") as stream:
        next(stream)
        for line in stream:
            fields = line.split()
            if fields[3] == "0A":  # LISTEN, proc_net_tcp
                number, port = fields[1].split(":")
                address = socket.inet_ntoa(int(number, 16).to_bytes(4, "little"))
                found.add((address, int(port, 16)))
    return found


def wait_until_listening(directory, wanted, seconds=READY_SECONDS):
    end = time.monotonic() + seconds
    while missing := set(wanted) - listening():
        if supervisor_pid(directory) is None:
            raise FleetError(
                "the fleet ended while it started", f"its last words:\n{last_words(directory)}"
            )
        if time.monotonic() > end:
            shown = ", ".join(f"{a}:{p}" for a, p in sorted(missing)[:5])
            raise FleetError(f"after {seconds} s nothing listens on {shown}", last_words(directory))
        time.sleep(0.03)


def last_words(directory):
    try:
        with open(directory.file("supervisor.log")) as stream:
            return "".join(stream.readlines()[-5:]).strip() or "(its log is empty)"
    except FileNotFoundError:
        return "(it left no log)"


def claim_network(wanted):
    """Takes a network's name, so two fleets cannot share it; returns (network, claim).

    The claim is an abstract socket's name: the kernel gives it back with its last holder.
    """
    taken = {".".join(address.split(".")[:2]) for address, _ in listening()}
    # The machine's own services often listen on 127.0.
    candidates = [f"127.{second}" for second in range(1, 255)] if wanted == "auto" else [wanted]
    for network in candidates:
        if wanted == "auto" and network in taken:
            continue
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0handrail-fleet-{network}")
            return network, claim
        except OSError:
            claim.close()
    raise FleetError(
        f"the network {wanted} belongs to another fleet",
        "stop that one, or start this one with --network auto",
    )


def start(directory, names, network, port, plain):
    """Starts the targets and waits until each is healthy; a failure leaves nothing."""
    while True:
        directory.claim()
        with directory.locked() as exists:
            if exists:
                return _start(directory, names, network, port, plain)


def _start(directory, names, network, port, plain):
    if supervisor_pid(directory) is not None:
        raise FleetError(
            f"a fleet is running in {directory.path}",
            "stop it first (scripts/fleet stop), or give another --dir",
        )
    clean(directory, keep=True)
    try:
        network, claim = claim_network(network)
        with claim:
            targets = layout.make_targets(names, network, port)
            check_free(targets, plain)
            _launch(directory, targets, network, port, plain, claim)
    except BaseException:
        _end(directory)
        clean(directory, keep=False)
        raise
    return targets


def _launch(directory, targets, network, port, plain, claim):
    keys = make_keys(directory, targets, plain)
    directory.write_client_files(targets, keys, plain)
    fleet = {"network": network, "port": port, "plain": plain, "targets": targets}
    directory.save({**fleet, "targets": [vars(t) for t in targets]})
    with open(directory.file("id_ed25519.pub")) as stream:
        public_key = stream.read()
    if not supervisor.launch(directory, fleet, public_key, claim):
        raise FleetError("the fleet's process did not start", last_words(directory))
    wanted = [pair for t in targets for pair in t.listening(plain)]
    wait_until_listening(directory, wanted)


def check_free(targets, plain):
    taken = listening()
    everywhere = {port for address, port in taken if address == "0.0.0.0"}
    for t in targets:
        for address, port in t.listening(plain):
            if (address, port) in taken or port in everywhere:
                raise FleetError(
                    f"{address}:{port} is in use on this machine",
                    "start with another --port, or with --network auto",
                )


def stop(directory, keep=False):
    """Ends everything of the fleet; returns whether it was running."""
    if not directory.is_ours():
        return False
    was_running = _end(directory)
    # A start that was under way notices, or has finished by the time we have the lock.
    with directory.locked() as exists:
        if exists:
            was_running = _end(directory) or was_running
            clean(directory, keep)
    return was_running


def _end(directory):
    pid = supervisor_pid(directory)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + STOP_SECONDS
        while supervisor_pid(directory) is not None:
            if time.monotonic() > end:
                raise FleetError(f"process {pid} does not end", f"look at /proc/{pid}/stack")
            time.sleep(0.01)
    return pid is not None


def clean(directory, keep):
    """Deletes what a fleet put into the directory; with `keep`, only what is stale."""
    stale = ["supervisor.json", "supervisor.log", "control.sock", "fleet.json.new"]
    names = stale if keep else layout.Directory.FILES
    for name in names:
        for path in (directory.file(name), directory.file(name + ".new")):
            if os.path.lexists(path):
                os.unlink(path)
    if os.path.isdir(directory.file("mnt")):
        os.rmdir(directory.file("mnt"))  # empty: what was mounted there, only the fleet saw
    if keep:
        return
    if os.path.isdir(directory.file("hostkeys")):
        shutil.rmtree(directory.file("hostkeys"))
    if set(os.listdir(directory.path)) <= {directory.MARK}:
        if directory.is_ours():
            os.unlink(directory.file(directory.MARK))
        os.rmdir(directory.path)


def command_in(directory, fleet, name, words):
    """The command line that runs `words` in the target, from outside it."""
    if fleet["plain"]:
        return ["ssh", "-F", directory.file("ssh_config"), name, "--", *words]
    status = ask(directory, "status")
    if name not in status["outside"]:
        raise FleetError(
            f"{name} is {status['state'][name]}", f"start it with: scripts/fleet up {name}"
        )
    return [*NSENTER, f"--target={status['outside'][name]}", "--", *words]
