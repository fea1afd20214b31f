"""Faults by name: each is a file in faults/ that plants, checks and heals itself."""

import os
import subprocess

import fleets
from layout import FleetError

FOLDER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "faults")
VERBS = {"plant", "check", "heal"}
SECONDS = 60


def names():
    return sorted(name for name in os.listdir(FOLDER) if not name.startswith("."))


def _script(name):
    if name not in names():
        raise FleetError(
            f"there is no fault '{name}'", "see them all with: scripts/fleet fault list", 2
        )
    with open(os.path.join(FOLDER, name)) as stream:
        return stream.read()


def describe(name):
    """The comment at the head of a fault's file."""
    lines = []
    for line in _script(name).splitlines()[1:]:
        if not line.startswith("# "):
            break
        lines.append(line[2:])
    return " ".join(line for line in lines if not line.startswith("where:"))


def run(directory, fleet, name, target, verb):
    """Runs one verb of a fault; `check` returns whether it is present."""
    script = _script(name)
    if fleet["plain"]:
        raise FleetError("plain targets have no faults", "start the fleet without --plain")
    command = ["/bin/sh", "-s", "--", verb]
    here = "\n# where: here\n" in script
    if not here:
        command = fleets.command_in(directory, fleet, target.name, command)
    environment = {
        **fleets.ENVIRONMENT,
        "FLEET": directory.path,
        "NAME": target.name,
        "ADDRESS": target.address,
        "PORT": str(target.port),
    }
    try:
        done = subprocess.run(
            command,
            input=script,
            capture_output=True,
            text=True,
            env=environment,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise FleetError(f"{name} on {target.name}: {verb} took over {SECONDS} s") from None
    said = (done.stderr + done.stdout).strip()
    if verb == "check" and done.returncode in (0, 1):
        return done.returncode == 0, said
    if done.returncode != 0:
        raise FleetError(f"{name} on {target.name}: {verb} failed ({done.returncode}): {said}")
    return True, said
