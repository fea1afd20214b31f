"""The servers of the field: six roles, mailbox servers in clusters of two."""

import concurrent.futures
import math
import subprocess
from dataclasses import dataclass

from on_fleet.rig import Failed

# Roles with the names of their servers, and how many there are of each: 62 clusters, 188 servers.
ROLES = {
    "mailbox": ("mbx", 62), "edge-transport": ("edge", 10), "hub-transport": ("hub", 15),
    "unified-messaging": ("um", 11), "client-access": ("cas", 26), "multi-role": ("multi", 2),
}
# Logins at a time when everything is looked at.
LOGINS = 16


@dataclass
class Server:
    name: str
    role: str
    cluster: str = None
    environment: str = "production"
    labels: tuple = ()
    address: str = None
    port: int = None


def servers(total=188, environment="production", prefix=""):
    """So many servers of the field's shape: the same shares, one of each role at least."""
    share = total / 188
    counts = {role: max(1, round(count * share)) for role, (_, count) in ROLES.items()}
    others = sum(count for role, count in counts.items() if role != "mailbox")
    counts["mailbox"] = max(1, (total - others) // 2)
    counts["client-access"] += total - others - 2 * counts["mailbox"]
    found = []
    for role, (word, _) in ROLES.items():
        for number in range(1, counts[role] + 1):
            name = f"{prefix}{word}{number:02d}"
            if role == "mailbox":
                found += [Server(name + half, role, name, environment) for half in "ab"]
            else:
                found.append(Server(name, role, environment=environment))
    return found


def peers(found):
    """{server of a cluster: the other one}."""
    clusters = {}
    for server in found:
        if server.cluster:
            clusters.setdefault(server.cluster, []).append(server)
    pairs = {}
    for one, other in clusters.values():
        pairs[one.name], pairs[other.name] = other, one
    return pairs


def inventory(found, canaries=()):
    """The servers as an inventory of Handrail."""
    pairs, lines = peers(found), ["handrail: 1", "targets:"]
    for server in found:
        labels = [f"role: {server.role}"]
        if server.cluster:
            labels += [f"cluster: {server.cluster}"]
        peer = pairs.get(server.name)
        labels += [f"peer: {peer.address if peer else 'none'}", *server.labels]
        if server.name in canaries:
            labels.append("canary: true")
        lines += [
            f"  {server.name}:", f"    address: {server.address}", f"    port: {server.port}",
            "    user: root", f"    environment: {server.environment}",
            f'    aliases: ["{server.name}:9100"]', f"    labels: {{ {', '.join(labels)} }}",
        ]
    return "\n".join(lines) + "\n"


def first_of_each_role(found):
    return {server.role: server.name for server in reversed(found)}.values()


def share(percent, count):
    """A share, rounded up as a rollout's is."""
    return math.ceil(count * percent / 100)


def on_each(fleet, names, line):
    """{name: what a line of shell printed there}, over ssh as a person would look."""

    def look(name):
        done = subprocess.run(
            ["ssh", "-n", "-F", fleet.ssh_config, name, line], capture_output=True, text=True,
            timeout=60)
        if done.returncode:
            raise Failed(f"ssh {name} {line!r}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    with concurrent.futures.ThreadPoolExecutor(LOGINS) as pool:
        return dict(zip(names, pool.map(look, names)))
