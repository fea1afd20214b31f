"""A home's journal, read as it is on the disk, beside whoever writes to it."""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile


class Event:
    """One event: its time in seconds, its name, and what it holds."""

    def __init__(self, at, text):
        self.at = at / 1000
        ((self.name, self.body),) = json.loads(text).items()

    @property
    def target(self):
        first = self.body.get("_0")
        return first.get("target") if isinstance(first, dict) else first

    @property
    def action(self):
        """The step whose own action it is about; nil for guards, checks and releases."""
        part = self.body["_0"].get("part", {}) if isinstance(self.body.get("_0"), dict) else {}
        return part["action"]["_0"] if "action" in part else None


def query(home, sql, *values):
    path = os.path.join(home, "journal.db")
    if not os.path.exists(path):
        return []
    try:
        return rows(f"file:{path}?mode=ro", sql, values)
    except sqlite3.OperationalError as error:
        # Killed before the tables were made.
        if "no such table" in str(error):
            return []
        if "readonly" not in str(error):
            raise
    # What a killed writer left in its log has to be recovered first: that is Handrail's to do.
    with tempfile.TemporaryDirectory() as folder:
        for end in ("", "-wal"):
            if os.path.exists(path + end):
                shutil.copy(path + end, folder)
        try:
            return rows(f"file:{folder}/journal.db", sql, values)
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def rows(address, sql, values):
    journal = sqlite3.connect(address, uri=True, timeout=20)
    try:
        return journal.execute(sql, values).fetchall()
    finally:
        journal.close()


def runs(home):
    """The ids of the home's runs, the newest first."""
    return [row[0] for row in query(home, "select name from runs order by opened desc, id desc")]


def state(home, run):
    ((found,),) = query(home, "select state from runs where name = ?", run)
    return found


def events(home, run):
    found = query(
        home, "select at, event from events where run = (select id from runs where name = ?)"
        " order by sequence", run)
    return [Event(*row) for row in found]


def is_lost(event):
    """Whether an attempt's end is one that nobody saw."""
    ending = event.body["_1"]["ending"]
    return "unknown" in ending or "unreachable" in ending


def attempts(found):
    """{target: {step: attempts whose intent was recorded}}."""
    counted = {}
    for event in found:
        if event.name == "attemptStarted" and event.action:
            steps = counted.setdefault(event.target, {})
            steps[event.action] = steps.get(event.action, 0) + 1
    return counted


def refused(found):
    """{target: steps of which it is proved that their last attempt was not started}."""
    last = {}
    for event in found:
        if event.name == "attemptEnded" and event.action:
            last.setdefault(event.target, {})[event.action] = "notStarted" in event.body["_1"]["ending"]
    return {target: {step for step, is_so in ends.items() if is_so} for target, ends in last.items()}


def outcomes(found):
    """{target: {step: outcome}}."""
    ended = {}
    for event in found:
        if event.name == "stepEnded":
            ended.setdefault(event.target, {})[event.body["_1"]] = event.body["_2"]
    return ended


def ended(found):
    """{target: its outcome} of those that have ended."""
    return {event.target: event.body["_1"] for event in found if event.name == "targetEnded"}


def output(home, record):
    """(the bytes kept of a stream, whether they are what its digest says)."""
    if not record.get("stored"):
        return record["text"].encode(), True
    digest = record["stored"] if isinstance(record["stored"], str) else record["stored"]["hex"]
    digest = digest.split(":")[-1]
    with open(os.path.join(home, "output", digest[:2], digest), "rb") as file:
        data = file.read()
    return data, hashlib.sha256(data).hexdigest() == digest
