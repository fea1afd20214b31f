"""What servers, journal and trail say about a run, side by side."""

import io
import json
import subprocess
import tarfile

from on_fleet.rig import Failed, claim

NOTES = "/var/lib/server-notes"


def trail(home, run=None):
    """The trail's lines in their order, as stock git has them; of one run, or all."""
    packed = subprocess.run(
        ["git", "--git-dir", home + "/trail.git", "archive", "HEAD", "events"],
        capture_output=True, check=True).stdout
    batches = []
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for entry in archive:
            if entry.isfile():
                batches.append((entry.name.rsplit("/", 1)[1], archive.extractfile(entry).read()))
    lines = [json.loads(line) for _, batch in sorted(batches) for line in batch.splitlines()]
    numbers = [line["seq"] for line in lines]
    claim(numbers == list(range(1, len(lines) + 1)), "the trail's lines are not in a row")
    return [line for line in lines if run is None or line.get("run") == run]


def of_kind(lines, *kinds):
    return [line for line in lines if line["kind"] in kinds]


def targets(lines, *kinds):
    return {line["target"] for line in of_kind(lines, *kinds)}


def started(lines, step, part):
    """{target: how many attempts of one part of a step the trail has}, of those that began."""
    counts = {}
    for line in of_kind(lines, "attempt.ended"):
        if (line.get("step"), line["data"]["part"]) == (step, part):
            if line["data"].get("ending") != "heldBack":
                counts[line["target"]] = counts.get(line["target"], 0) + 1
    return counts


def attempts(stage, run, part):
    """{target: how many attempts of a part the journal has}, as `handrail logs` reads it."""
    counts = {}
    for each in stage.ask("logs", run)["attempts"]:
        if each["part"] == part:
            counts[each["target"]] = counts.get(each["target"], 0) + 1
    return counts


class Notes:
    """What one server wrote down about itself: (nanoseconds, word)."""

    def __init__(self, text):
        self.lines = []
        for line in text.splitlines():
            instant, word = line.split(" ")
            self.lines.append((int(instant), word))

    def count(self, word):
        return sum(1 for _, each in self.lines if each == word)

    def absences(self):
        """When it was out of service: (from, until), the last one perhaps without an end."""
        found, since = [], None
        for instant, word in self.lines:
            if word == "out" and since is None:
                since = instant
            elif word == "back" and since is not None:
                found.append((since, instant))
                since = None
        return found + ([(since, None)] if since is not None else [])


def overlaps(one, other):
    """Times in which both of a cluster were out of service."""
    return [
        (first, second) for first in one.absences() for second in other.absences()
        if (second[1] is None or first[0] < second[1]) and (first[1] is None or second[0] < first[1])
    ]


def together(one, other):
    """Whether both kept notes of an absence, so that there was something to compare."""
    return bool(one.absences() and other.absences())


def closed(lines):
    """The line that ended a run."""
    found = of_kind(lines, "run.closed")
    if not found:
        raise Failed("the trail has no end of that run")
    return found[-1]
