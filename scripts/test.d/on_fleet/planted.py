"""Planted secrets: 1,000 with --all, a sample otherwise; none may be anywhere but on its target."""

import json
import os
import random
import signal
import subprocess
import threading
import time

from . import tell_all
from .case import collector
from .rig import claim, equal, said

CASES = []
case = collector(CASES)
EACH = 20
ENDS = ("ok", "fail", "crash")
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789" + "\"'\\ $%&<>+/=;|`ÜéЖ漢"


class Watch:
    """What other accounts could see of this machine's processes: arguments and environments."""

    def __init__(self):
        self.seen, self.ended = set(), threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def _look(self):
        while not self.ended.is_set():
            for process in filter(str.isdigit, os.listdir("/proc")):
                for name in ("cmdline", "environ"):
                    try:
                        with open(f"/proc/{process}/{name}", "rb") as file:
                            self.seen.add(file.read())
                    except OSError:
                        pass
            time.sleep(0.03)


def secret(chance):
    """16 to 40 characters that encodings treat differently."""
    middle = "".join(chance.choice(LETTERS) for _ in range(chance.randrange(14, 38)))
    return chance.choice(LETTERS[:50]) + middle + chance.choice(LETTERS[:50])


def runbook(end):
    lines = [
        "handrail: 1", "id: rig.planted", "title: Tells every secret it is given",
        "kind: resolution", "owner: rig", "run_as: root", "parameters:",
        "  folder: { type: path, description: Where its marks are }",
        "  control: { type: string, description: What anybody may see }",
    ]
    lines += [f"  s{n}: {{ type: secret, description: Must not be seen }}" for n in range(EACH)]
    lines.append("steps:")
    for n in range(EACH):
        how = {"crash": "slow", "ok": "ok"}.get(end, "fail" if n == EACH - 1 else "ok")
        control = ", $control" if n == 0 else ""
        lines += [
            f"  - id: tell{n}", "    effect: idempotent",
            f"    run: {{ script: scripts/tell_all.py, args: [$folder, s{n}, {how}{control}], "
            f"stdin: $s{n} }}",
            "    outputs: { said: string }",
        ]
    return "\n".join(lines) + "\n"


def objects(home):
    """Every object of the trail, inflated, in one piece."""
    trail = os.path.join(home, "trail.git")
    return subprocess.run(
        ["git", "--git-dir", trail, "cat-file", "--batch-all-objects", "--batch"],
        capture_output=True, check=True).stdout


def files(folder):
    """{path: bytes} of every file below a folder."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def places(home, shown, watch):
    """{place: bytes} of everything that outlives the run, or that others can see."""
    kept = files(home)
    parts = {
        "journal": lambda path: path.startswith("journal.db"),
        "output store": lambda path: path.startswith("output/"),
        "everything else at home": lambda path: not path.startswith(("journal.db", "output/")),
    }
    found = {
        name: b"\0".join(data for path, data in kept.items() if fits(path))
        for name, fits in parts.items()
    }
    found["trail"] = objects(home)
    found["arguments and environments"] = b"\0".join(watch.seen)
    return {**found, **{name: text.encode("utf-8", "surrogateescape")
                        for name, text in shown.items()}}


def lead(rig, end, arguments, where, folder):
    """Runs it, or kills its leader in the midst and resumes; gives the run and what was shown."""
    child = rig.begin("run", "rig.planted", "--on", "hub02", *arguments, "--yes", "--json", **where)
    shown = {}
    if end == "crash":
        rig.eventually("it is under way", lambda: len(rig.fleet.shell(
            "hub02", f"ls {folder} 2>/dev/null || true").split()) > EACH // 3, 90)
        child.send_signal(signal.SIGKILL)
        child.wait()
        shown["killed, output"], shown["killed, errors"] = said(child).out, said(child).err
        (run,) = rig.runs(**where)
        secrets = arguments[arguments.index("--params"):][:2]
        child = rig.begin("resume", run, *secrets, "--json", **where)
    done = rig.end(child, limit=120).exits(5 if end == "fail" else 0)
    shown["output"], shown["errors"] = done.out, done.err
    return done.document()["run"], shown


def plant(rig, number, library):
    """One run with its own secrets; returns how many forms were looked for."""
    end, chance = ENDS[number % len(ENDS)], random.Random()
    planted = {f"s{n}": secret(chance) for n in range(EACH)}
    control = "Seen-" + secret(chance)
    folder = f"/run/rig-planted-{number}"
    where = {"library": library, "home": rig.home(f"planted-{number}")}
    path = rig.path(f"planted-{number}.json")
    with open(path, "w") as file:
        json.dump({**planted, "folder": folder, "control": control}, file)
    os.chmod(path, 0o600)
    with open(path + ".secrets", "w") as file:
        json.dump(planted, file)
    with Watch() as watch:
        arguments = ["--set", f"control={control}", "--set", f"folder={folder}", "--params",
                     "@" + path + ".secrets"]
        run, shown = lead(rig, end, arguments, where, folder)
        for words in (["logs", run], ["logs", run, "--full"], ["logs", run, "--full", "--json"],
                      ["status", run], ["status", run, "--json"], ["history", "--json"]):
            done = rig.handrail(*words, **where).exits(0)
            shown["output of " + " ".join(words[:1] + words[2:4])] = done.out + done.err
    # A person who quotes a secret does so in their own arguments: those are not Handrail's.
    done = rig.handrail(
        "escalate", run, "--to", "tier-3", "--note", "see " + planted["s1"], "--params",
        "@" + path + ".secrets", **where).exits(0)
    shown["output of escalate"] = done.out + done.err
    looked = places(where["home"], shown, watch)
    hits = [
        f"{name} as {form} in {place}" for name, text in planted.items()
        for form, data in tell_all.forms(text).items() if len(data) >= 8
        for place, content in looked.items() if data in content
    ]
    equal(hits[:8], [], f"where secrets are, of {len(hits)} hits (run {number}, {end})")
    shows(control, looked, shown)
    os.remove(path)
    os.remove(path + ".secrets")


def shows(control, looked, shown):
    """The same search finds what is no secret, wherever a secret could be."""
    plain = control.encode()
    for place in ("journal", "output store", "trail", "arguments and environments"):
        forms = (plain, json.dumps(control)[1:-1].encode(),
                 json.dumps(control, ensure_ascii=False)[1:-1].encode())
        claim(any(form in looked[place] for form in forms), f"the control is not in {place}")
    unseen = [name for name, data in tell_all.forms(control).items()
              if data not in looked["output store"]]
    equal(unseen, [], "forms of the control that the output store lacks")
    claim("[secret]" in shown["output of logs --full"], "the logs don't show where secrets were")


@case("planted secrets are nowhere but on their target, after success, failure and a crash",
      "planted")
def planted(rig):
    runs = 1000 // EACH if rig.full else len(ENDS)
    libraries = {}
    for end in ENDS:
        library = libraries[end] = rig.copy(rig.little, f"planted-{end}")
        library.make("runbooks/planted/runbook.yaml", runbook(end))
        with open(tell_all.__file__) as file:
            library.make("runbooks/planted/scripts/tell_all.py", file.read())
        os.chmod(os.path.join(library.path, "runbooks/planted/scripts/tell_all.py"), 0o755)
        library.commit("Plant")
    for number in range(runs):
        plant(rig, number, libraries[ENDS[number % len(ENDS)]])
