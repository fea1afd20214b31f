"""What a fleet consists of: names, addresses, and the files in its directory."""

import contextlib
import fcntl
import json
import os
import re
from dataclasses import asdict, dataclass

ROLES = {"mbx": "mailbox", "hub": "hub", "edge": "edge"}
CYCLE = ["mbx", "mbx", "hub", "hub", "edge", "edge"]
NAME = re.compile(r"[a-z][a-z0-9-]{0,30}\Z")
MAXIMUM = 2000

SSH_PORT = 2200
IMAP_PORT = 1143
SMTP_PORT = 25
SINK_PORT = 2626


class FleetError(Exception):
    """A failure that a person can act on, with the exit code it leads to."""

    def __init__(self, message, hint=None, code=1):
        super().__init__(message)
        self.hint = hint
        self.code = code


@dataclass
class Target:
    name: str
    address: str
    port: int
    role: str
    site: str
    cluster: str

    @property
    def has_postfix(self):
        return self.role == "hub"

    def listening(self, plain):
        """The sockets that a healthy target has."""
        ports = [self.port]
        if not plain:
            ports.append(IMAP_PORT)
            if self.has_postfix:
                ports += [SMTP_PORT, SINK_PORT]
        return [(self.address, port) for port in ports]


def default_names(count):
    kinds = [CYCLE[i % len(CYCLE)] for i in range(count)]
    width = max([2] + [len(str(kinds.count(kind))) for kind in ROLES])
    seen = dict.fromkeys(ROLES, 0)
    names = []
    for kind in kinds:
        seen[kind] += 1
        names.append(f"{kind}{seen[kind]:0{width}d}")
    return names


def make_targets(names, network, port):
    targets = []
    for index, name in enumerate(names):
        kind = next((k for k in ROLES if name.startswith(k)), "mbx")
        digits = re.search(r"(\d+)\Z", name)
        number = int(digits.group(1)) if digits else 1
        pair = (max(number, 1) + 1) // 2
        # A mailbox pair shares a site; hubs and edges of a pair are in two.
        place = pair - 1 if kind == "mbx" else number - 1
        targets.append(
            Target(
                name=name,
                address=f"{network}.{index // 250}.{index % 250 + 1}",
                port=port,
                role=ROLES[kind],
                site=["eu", "us"][place % 2],
                cluster={"mbx": "mb", "hub": "hb", "edge": "ed"}[kind] + str(pair),
            )
        )
    return targets


def check_names(names):
    for name in names:
        if not NAME.match(name):
            raise FleetError(
                f"'{name}' is not a usable target name",
                "use lower-case letters, digits and dashes, starting with a letter",
                2,
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FleetError(f"the name '{twice[0]}' is given twice", code=2)


class Directory:
    """The directory of one fleet. Everything in FILES is ours to delete."""

    FILES = [
        "ssh_config", "known_hosts", "known_hosts.old", "id_ed25519", "id_ed25519.pub",
        "inventory.yaml", "targets.tsv", "fleet.json", "fleet.json.new",
        "supervisor.json", "supervisor.log", "control.sock",
    ]  # fmt: skip

    MARK = ".handrail-fleet"

    def __init__(self, path):
        self.path = os.path.abspath(path)

    def claim(self):
        """Makes the directory ours, unless it holds anybody else's files."""
        os.makedirs(self.path, exist_ok=True)
        if not self.is_ours():
            if set(os.listdir(self.path)) - {self.MARK}:
                raise FleetError(
                    f"{self.path} has files that are not a fleet's",
                    "give --dir a new or empty directory",
                )
            with open(self.file(self.MARK), "w") as stream:
                stream.write("A fleet of scripts/fleet lives here; its stop deletes it.\n")

    def is_ours(self):
        # The second is enough too: whoever lost the mark must still be able to stop.
        return any(os.path.isfile(self.file(n)) for n in (self.MARK, "supervisor.json"))

    @contextlib.contextmanager
    def locked(self):
        """Lets one start or stop at a time work here; a crash gives the lock back.

        Yields whether the directory still exists: while we waited, a stop may have ended it.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield os.path.isdir(self.path) and os.path.samestat(
                os.fstat(descriptor), os.stat(self.path)
            )
        finally:
            os.close(descriptor)

    def file(self, *parts):
        return os.path.join(self.path, *parts)

    def write(self, name, text, mode=0o644):
        path = self.file(name)
        descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
        os.replace(path + ".new", path)

    def save(self, fleet):
        self.write("fleet.json", json.dumps(fleet, indent=1) + "\n")

    def load(self):
        try:
            with open(self.file("fleet.json")) as stream:
                fleet = json.load(stream)
        except FileNotFoundError:
            raise FleetError(
                f"there is no fleet in {self.path}",
                "start one with: scripts/fleet start (or name its directory with --dir)",
            ) from None
        except ValueError as problem:
            raise FleetError(
                f"{self.file('fleet.json')} is damaged: {problem}",
                "clean up with: scripts/fleet stop",
            ) from None
        fleet["targets"] = [Target(**each) for each in fleet["targets"]]
        return fleet

    def write_client_files(self, targets, keys, plain):
        """Writes what ssh, Handrail and people need to reach the targets."""
        self.write("known_hosts", known_hosts(targets, keys))
        self.write("ssh_config", self._ssh_config(targets))
        self.write("inventory.yaml", inventory(targets, "bench" if plain else "lab"))
        rows = ["name\taddress\tport\trole\tsite\tcluster"]
        rows += ["\t".join(str(v) for v in asdict(t).values()) for t in targets]
        self.write("targets.tsv", "\n".join(rows) + "\n")

    def _ssh_config(self, targets):
        def quoted(name):
            return '"' + self.file(name).replace("%", "%%") + '"'

        lines = [
            f"Host {t.name} {t.name}.example\n  HostName {t.address}\n  Port {t.port}\n"
            for t in targets
        ]
        lines.append(
            "Host *\n"
            "  User root\n"
            f"  IdentityFile {quoted('id_ed25519')}\n"
            "  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {quoted('known_hosts')}\n"
            "  GlobalKnownHostsFile /dev/null\n"
            "  StrictHostKeyChecking yes\n"
            "  PreferredAuthentications publickey\n"
            "  KexAlgorithms curve25519-sha256\n"
            "  BatchMode yes\n"
            "  ConnectTimeout 10\n"
        )
        return "\n".join(lines)


def known_host_line(target, public_key):
    return f"[{target.address}]:{target.port} {public_key}"


def known_hosts(targets, keys):
    return "".join(known_host_line(t, keys[t.name]) + "\n" for t in targets)


def inventory(targets, environment):
    lines = ["handrail: 1", "targets:"]
    for t in targets:
        lines += [
            f"  {t.name}:",
            f"    address: {t.address}",
            f"    port: {t.port}",
            "    user: root",
            f"    environment: {environment}",
            f'    aliases: ["{t.name}:9100", {t.name}.example]',
            f"    labels: {{ role: {t.role}, site: {t.site}, cluster: {t.cluster} }}",
        ]
    return "\n".join(lines) + "\n"
