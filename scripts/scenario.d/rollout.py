"""One rollout over the whole field, with failures in its third wave."""

import os

from on_fleet.rig import claim

import evidence
import field
from stage import HERE, Stage

PEOPLE = [
    ("iris", "Iris Holm", ["lead", "approver"]), ("mona", "Mona Reis", ["change-manager"]),
    ("abel", "Abel Okoro", ["approver"]), ("bea", "Bea Lindt", ["approver"]),
    ("ivo", "Ivo Marek", ["implementer"]), ("lena", "Lena Ortiz", ["author"]),
]
FLOORS = """handrail: 1
environments:
  production:
    targets: ["mbx*", "edge*", "hub*", "um*", "cas*", "multi*"]
    content: off
    change: required
    production: true
    act_signatures: required
    quorum: 2
"""
BEGINS = "2026-11-24 10:02"
WINDOW = ("2026-11-28 20:00", "2026-11-28 21:30")
# Where failures are planted: the wave, by its number.
WAVE = 3
IN_FLIGHT = 4
BEFORE, AFTER = 200, 400
CHANGE = "CHG-1"
LOOK = ("cat /etc/mail-limits.conf; imapd-sim --probe STATUS || echo down; "
        "cat /var/lib/server-notes 2>/dev/null || true")


class Rollout:
    """The scenario, scene by scene."""

    def __init__(self, binary, total):
        self.stage = Stage(binary, "Europe/Berlin", BEGINS)
        self.servers = field.servers(total)
        self.names = [server.name for server in self.servers]

    def play(self):
        stage = self.stage
        try:
            self.prepare()
            self.request()
            self.decide()
            self.wait_for_saturday()
            self.roll_out()
            self.compare()
            self.close_change()
            return stage.result()
        finally:
            stage.close()

    # Scenes.

    def prepare(self):
        stage = self.stage
        stage.scene(f"1. {len(self.servers)} servers in six roles")
        stage.tell(f"""Each is an sshd with its own disk, processes and services, on 127.x. Mailbox
            servers are clusters of two: one half serves the mailboxes of the other while that is
            away. They take {BEFORE} connections each, and users wait.""")
        stage.start_fleet(self.servers)
        for role, (_, _) in field.ROLES.items():
            print(f"   {sum(1 for server in self.servers if server.role == role):4d} {role}")
        stage.make_library(os.path.join(HERE, "library-rollout"))
        stage.write(
            "inventory/field.yaml",
            field.inventory(self.servers, canaries=list(field.first_of_each_role(self.servers))))
        stage.commit("The limits of our servers, and how they are raised")
        stage.make_people(PEOPLE, FLOORS)
        stage.tell("""Six people work here, each with a key of their own. That stands in the trust
            folder, outside of the library, with what production demands whatever a library says:
            an approved change, two approvals, every act signed.""")
        stage.types("iris", "trust", "show", says=["iris", "ivo", "production"])

    def request(self):
        stage = self.stage
        stage.scene("2. Tuesday: a change is asked for")
        stage.tell("""Iris has written the runbook, and its waves: one server of each role first, then
            the mailbox servers, a third at a time and never both of a cluster, then the others.""")
        stage.shows("runbooks/limits/raise/runbook.yaml")
        stage.types(
            "iris", "change", "open", "limits.raise", "--limit", "*", "--type", "server-limits",
            "--why", "at 8:00 users wait for a free connection", "--implementer", "ivo",
            "--start", stage.clock.rfc3339(WINDOW[0]), "--end", stage.clock.rfc3339(WINDOW[1]),
            "--expected", "1h", "--impact-service", "none: a peer serves",
            "--impact-capacity", "doubled", "--impact-security", "none",
            "--impact-recovery", "the old file is put back", "--ticket", "REQ-1188",
            says=CHANGE, lines=60)
        stage.types("iris", "change", "submit", CHANGE, says="submitted")
        self.check_waves()

    def check_waves(self):
        plan = self.stage.ask("plan", CHANGE, "--no-probe", person="ivo")["plan"]
        self.waves = [(wave["name"], wave["targets"]) for wave in plan["waves"]]
        done = [name for _, names in self.waves for name in names]
        expect = self.stage.expect
        expect(f"each of the {len(self.names)} servers is in one wave",
               sorted(done) == sorted(self.names), len(done))
        pairs = field.peers(self.servers)
        both = [
            (wave, name) for wave, names in self.waves for name in names
            if name in pairs and pairs[name].name in names
        ]
        expect("no wave has both of a cluster", not both, both[:5])
        self.wave = self.waves[WAVE - 1][1]
        self.limit = field.share(10, len(self.wave))

    def decide(self):
        stage = self.stage
        stage.scene("3. Wednesday: others decide about it")
        stage.clock.set("2026-11-25 09:30")
        stage.tell("Nobody can start it yet. Ivo, who is to carry it out, is told what is missing:")
        stage.types("ivo", "run", CHANGE, "--yes", exits=4, says=["submitted"])
        stage.tell("Mona assesses it. Iris may approve changes, but not her own:")
        stage.types("mona", "change", "assess", CHANGE, "--note",
                    "fits beside the backup; the clusters stay up",
                    says=["assessed", "written by lena"])
        stage.types("iris", "change", "approve", CHANGE, "--yes", exits=4,
                    says="the approver asked for the change")
        stage.types("abel", "change", "approve", CHANGE, "--yes", says="approver", lines=40)
        stage.tell("One of two. It takes another person, with another key:")
        stage.types("mona", "change", "schedule", CHANGE, exits=3)
        stage.types("bea", "change", "approve", CHANGE, "--yes", says="approved")
        stage.types("mona", "change", "schedule", CHANGE, says="scheduled")
        stage.types("mona", "change", "calendar", "--days", "7", says=CHANGE)

    def wait_for_saturday(self):
        stage = self.stage
        stage.scene("4. Friday: too early")
        stage.clock.set("2026-11-27 16:00")
        stage.types("ivo", "run", CHANGE, "--yes", exits=4, says="20:00")
        stage.tell("And what would be too late? The window must hold a wave, and undoing everything:")
        late = stage.clock.rfc3339("2026-11-28 21:29")
        stage.types("ivo", "plan", CHANGE, "--no-probe", "--at", late, exits=4, says="window: refused",
                    lines=40)
        runs = stage.ask("history")["runs"]
        stage.same("nothing was started", runs, [])

    def roll_out(self):
        stage = self.stage
        # Of those that start early in their wave, each second one.
        self.planted = set(self.wave[1:2 * self.limit:2])
        claim(len(self.planted) == self.limit, "too few servers for the failures")
        stage.scene("5. Saturday, 20:00: the rollout")
        stage.tell(f"""What nobody knows: some servers of the third wave have less memory than the
            others, and refuse more than 300 connections: {', '.join(sorted(self.planted))}. A dry
            run can't see that, since their own check is asked once the new file is there. A tenth
            of that wave is {self.limit}, at which the runbook wants to stop.""")
        field.on_each(
            stage.fleet, self.planted,
            "mkdir -p /etc/imapd-sim; echo 'max_connections = 300' >/etc/imapd-sim/ceiling")
        stage.clock.set("2026-11-28 20:01")
        stage.types("ivo", "run", CHANGE, "--yes", exits=7, says=["undone now", "rolled back"],
                    lines=130)

    def compare(self):
        stage = self.stage
        stage.scene("6. What happened, by the servers, the journal and the trail")
        back, run = [each["run"] for each in stage.ask("history")["runs"]][:2]
        stage.types("ivo", "status", run, lines=30)
        stage.types("ivo", "audit", "verify", says="consistent")
        self.run, self.back = evidence.trail(stage.home, run), evidence.trail(stage.home, back)
        self.ids = (run, back)
        looked = field.on_each(stage.fleet, self.names, LOOK)
        self.notes = {
            name: evidence.Notes("\n".join(
                line for line in text.splitlines() if line[:1].isdigit() and len(line) > 19))
            for name, text in looked.items()
        }
        self.check_stop()
        self.check_clusters()
        self.check_undone(looked)
        self.check_records()
        self.check_window()

    def check_stop(self):
        expect, same = self.stage.expect, self.stage.same
        kinds = [line["kind"] for line in self.run]
        where = kinds.index("threshold.reached") if "threshold.reached" in kinds else None
        if not expect("the run stopped at a threshold", where is not None):
            return
        same("which were as many failures as the runbook says", self.run[where]["data"]["failures"],
             self.limit)
        same("that stands in the run of the third wave",
             evidence.of_kind(self.run, "wave.started")[-1]["data"]["wave"], WAVE)
        later = evidence.targets(self.run[where:], "target.started")
        expect("no server was started after it", not later, later)
        failed = {
            line["target"] for line in evidence.of_kind(self.run, "target.ended")
            if line["data"]["outcome"] == "failed"
        }
        same("those that failed are those with less memory, and no other", failed, self.planted)
        self.changed = evidence.targets(self.run, "target.started")
        left = [name for name in self.wave if name not in self.changed]
        expect(f"of the third wave's {len(self.wave)} servers {len(left)} were never started", left)
        same("all of both waves before it were", self.changed - set(self.wave),
             {name for _, names in self.waves[:WAVE - 1] for name in names})
        worst = self.limit - 1 + IN_FLIGHT
        expect(f"no more broke than the plan's worst case for this wave, {worst}",
               len(failed) <= worst, failed)

    def check_clusters(self):
        expect = self.stage.expect
        pairs, both, compared = field.peers(self.servers), [], 0
        for name, peer in pairs.items():
            if name < peer.name:
                one, other = self.notes[name], self.notes[peer.name]
                compared += evidence.together(one, other)
                both += [(name, *each) for each in evidence.overlaps(one, other)]
        expect(f"never both of a cluster were out of service, by their own notes ({compared} clusters "
               "had each half out once at least)", compared and not both, both[:3])
        alone = [
            name for name in pairs
            if self.notes[name].count("out") != self.notes[name].count("peer-serves")
        ]
        expect("each half asked the other one before it went, and got an answer", not alone, alone)

    def check_undone(self, looked):
        expect, same = self.stage.expect, self.stage.same
        out = {name for name, notes in self.notes.items() if notes.count("out")}
        same("servers that went out of service are those that the trail says were started", out,
             self.changed)
        undone = {
            line["target"] for line in evidence.of_kind(self.back, "target.ended")
            if line["data"]["outcome"] == "changed"
        }
        same(f"exactly those {len(out)} were undone", undone, out)
        same("no other server has a note of anything",
             {name for name, notes in self.notes.items() if notes.lines}, out)
        wrong = [
            name for name, text in looked.items()
            if f"max_connections = {BEFORE}\n" not in text or f"max_connections={BEFORE} " not in text
        ]
        expect(f"all {len(looked)} serve, with {BEFORE} connections, in their file and by their word",
               not wrong, wrong[:5])
        status = [self.stage.ask("status", run) for run in self.ids]
        same("nothing is owed", [each["owed"] for each in status], [[], []])

    def check_records(self):
        same, expect = self.stage.same, self.stage.expect
        run, back = self.ids
        for word, step, part, shown in (
                ("out", "out", "action", "out"), ("back", "out", "release", "out (giving back)")):
            noted = {name: notes.count(word) for name, notes in self.notes.items() if notes.count(word)}
            for records, read in (
                    ("trail", lambda lines, _: evidence.started(lines, step, part)),
                    ("journal", lambda _, run: evidence.attempts(self.stage, run, shown))):
                told = {}
                for lines, number in ((self.run, run), (self.back, back)):
                    for name, count in read(lines, number).items():
                        told[name] = told.get(name, 0) + count
                differ = {
                    name: (noted.get(name, 0), told.get(name, 0)) for name in {*noted, *told}
                    if noted.get(name, 0) != told.get(name, 0)
                }
                expect(f"'{word}' is {sum(noted.values())} times in the servers' notes, and as often, "
                       f"server by server, in the {records}", noted and not differ,
                       dict(list(differ.items())[:5]))
        answers = evidence.of_kind(self.run, "gates.answered")
        same("every answer of the gates let the run start its servers",
             {line["data"]["open"] for line in answers}, {True})

    def check_window(self):
        clock, expect = self.stage.clock, self.stage.expect
        begin, end = (clock.instant(each) for each in WINDOW)
        first = evidence.of_kind(self.run, "target.started")[0]["at"]
        last = evidence.closed(self.back)["at"]
        expect(f"it began inside the window ({first}), and the last one was undone inside it ({last})",
               begin <= utc(first) and utc(last) < end)

    def close_change(self):
        stage = self.stage
        stage.scene("7. Afterwards")
        stage.tell("The change can't be closed as if all had been done. It says why, and is reviewed.")
        stage.types("mona", "change", "close", CHANGE, "--note", "done", exits=4)
        stage.types("mona", "change", "close", CHANGE, "--incomplete", "--note",
                    "some servers have less memory; a new change follows once they have it",
                    says="closed")
        stage.types("mona", "audit", "verify", says="consistent")


def utc(text):
    import datetime
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
