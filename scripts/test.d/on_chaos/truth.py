"""What the steps themselves noted on their targets, and what it must show."""

from on_fleet.rig import claim, equal

# Effects by a step's first word: what its line may show.
ONCE = ("once", "guarded")
# How a step can end of which nobody saw the end.
UNSEEN = ("unknown", "unreachable")


class Notes:
    """The lines of one target, in their order: (word, step, process)."""

    def __init__(self, text):
        self.lines = [tuple(line.split()) for line in text.splitlines()]
        bad = [line for line in self.lines if len(line) != 3]
        claim(not bad, f"lines that were cut, or not written whole: {bad[:3]}")

    def count(self, word, step):
        return sum(1 for line in self.lines if line[:2] == (word, step))

    def steps(self):
        return {line[1] for line in self.lines}

    def overlaps(self):
        """Lines of a step between the beginning and the end of a copy that still lived."""
        found, open_copy = [], None
        ends = {(step, process) for word, step, process in self.lines if word == "end"}
        for word, step, process in self.lines:
            if open_copy and (step, process) != open_copy:
                found.append((open_copy, (word, step, process)))
            if word == "begin":
                open_copy = (step, process) if (step, process) in ends else None
            elif word == "end":
                open_copy = None
        return found


def kind(step):
    return step.split("-")[0]


def output(target, step):
    """What lib/note writes when it comes to its end."""
    lines = [*map(str, range(1, 4001))] if kind(step) in ONCE else []
    return "".join(line + "\n" for line in [*lines, f"{step} of {target} is done"]).encode()


def check(target, plan, notes, ended, attempts, expected, refused=()):
    """Compares one target's lines with what the run says of it.

    `plan` is its steps in order, `ended` {step: outcome}, `attempts` {step: attempts whose intent
    was recorded}. With `expected` every step must have come to its end, but where the target could
    not be reached, and no outcome is unknown. Steps that were `refused`, and so provably not started,
    have failed. Returns how many outcomes nobody knows.
    """
    where = f"{target}: "
    for step in plan:
        did, outcome = notes.count("did", step), ended.get(step)
        if kind(step) in ONCE:
            claim(did <= 1, f"{where}{step} ran {did} times (duplicate)")
            if outcome in ("changed", "satisfied"):
                equal(did, 1, f"{where}{step} is {outcome}, its lines")
            elif outcome in (None, "unreachable") or step in refused:
                equal(did, 0, f"{where}{step} is {outcome or 'not begun'}, its lines")
            else:
                equal(outcome, "unknown", f"{where}{step}, its outcome")
        elif kind(step) != "read":
            begun, done = notes.count("begin", step), notes.count("end", step)
            claim(begun <= attempts.get(step, 0),
                  f"{where}{step} began {begun} times, {attempts.get(step, 0)} intents")
            if outcome == "changed":
                claim(done >= 1, f"{where}{step} is changed and never came to its end (missing)")
            elif outcome is None or step in refused:
                equal(begun, 0, f"{where}{step} is {outcome or 'not begun'}, its beginnings")
            else:
                claim(outcome in UNSEEN, f"{where}{step} ended {outcome}")
        if expected and "unreachable" not in ended.values():
            claim(outcome in ("changed", "satisfied", "ok"), f"{where}{step} is {outcome}")
    claim(not notes.overlaps(), f"{where}began beside a living copy: {notes.overlaps()[:2]}")
    known = set(plan)
    claim(notes.steps() <= known, f"{where}lines of no step: {notes.steps() - known}")
    in_order(where, plan, notes)
    claim(not expected or "unknown" not in ended.values(), f"{where}an outcome is unknown: {ended}")
    return sum(1 for outcome in ended.values() if outcome == "unknown")


def in_order(where, plan, notes):
    """No step begins before the one that stands before it has come to its end."""
    position = 0
    writing = [step for step in plan if kind(step) != "read"]
    for word, step, _ in notes.lines:
        place = writing.index(step)
        if place > position:
            claim(False, f"{where}{step} began before {writing[position]} had ended")
        if word in ("did", "end"):
            position = max(position, place + 1)
