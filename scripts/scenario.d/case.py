"""The real case: from an alert at night, over an emergency change, to the permanent fix."""

import json
import os
import shutil

from on_fleet import alertmanager
from on_fleet.rig import ROOT

import evidence
import field
from stage import HERE, Stage

PEOPLE = [
    ("lena", "Lena Ortiz", ["author", "lead"]), ("olga", "Olga Brandt", ["operator"]),
    ("sven", "Sven Adler", ["operator", "implementer", "approver"]),
    ("mona", "Mona Reis", ["change-manager"]), ("abel", "Abel Okoro", ["approver"]),
    ("ivo", "Ivo Marek", ["implementer"]),
]
FLOORS = """handrail: 1
environments:
  pre-release:
    targets: ["pre-*"]
    content: off
    change: off
    production: false
  production:
    targets: ["mbx*", "edge*", "hub*", "um*", "cas*", "multi*"]
    content: off
    change: required
    production: true
    act_signatures: required
    after: pre-release
  customers:
    targets: ["acme-*"]
    content: off
    change: required
    production: true
    act_signatures: required
    after: production
"""
BEGINS = "2026-11-20 10:30"
# The servers of this hardware have the driver.
HARDWARE = "sx200"
OURS = ("--limit", f"hardware = {HARDWARE} and not has customer", "--exclude", "pre-*")
ALL_OURS = ("--limit", "not has customer", "--exclude", "pre-*")
# A customer whose servers this house runs: a cluster, and one each of two other roles.
CUSTOMER = "acme"
DRIVER = "lsmod | grep -q '^storctl ' && modinfo -F version storctl || echo out"
SPEED = "imapd-sim --probe NOOP >/dev/null && cat /etc/imapd-sim/delay_ms 2>/dev/null || echo 0"
# What the baseline gains.
ITEM = """
  - id: storctl
    title: The driver that holds the disk is out, or is the fixed one
    severity: critical
    expect: { script: scripts/driver, one_of: [out, "1.1"] }
    fix: { runbook: storctl.disable }
"""
SCRIPT = """#!/bin/sh
# driver: the version of storctl that is loaded; out where none is.
if lsmod 2>/dev/null | grep -q '^storctl '; then modinfo -F version storctl; else echo out; fi
"""


class Case:
    """The scenario, scene by scene."""

    def __init__(self, binary, total):
        self.stage = Stage(binary, "Europe/Berlin", BEGINS)
        before = field.servers(8, "pre-release", "pre-")
        self.customers = self.of_customer()
        self.servers = field.servers(total - len(before)) + before + self.customers
        self.names = [server.name for server in self.servers]
        self.affected = [server for server in self.servers if self.has_driver(server)]
        for server in self.affected:
            server.labels = (f"hardware: {HARDWARE}",)

    @staticmethod
    def of_customer():
        roles = {"mbx01": "mailbox", "hub01": "hub-transport", "cas01": "client-access"}
        found = []
        for word, role in roles.items():
            for half in "ab" if role == "mailbox" else ("",):
                found.append(field.Server(
                    f"{CUSTOMER}-{word}{half}", role, f"{CUSTOMER}-{word}" if half else None,
                    "customers", (f"hardware: {HARDWARE}", f"customer: {CUSTOMER}")))
        return found

    def play(self):
        stage = self.stage
        try:
            self.prepare()
            self.alert()
            self.escalate()
            self.compare_incidents()
            self.try_before()
            self.emergency()
            self.emergency_run()
            self.baseline()
            self.eight_hours_later()
            self.vendor()
            self.normal_change()
            self.saturday()
            self.customer()
            self.the_record()
            return stage.result()
        finally:
            stage.close()

    @staticmethod
    def has_driver(server):
        """The older half of the mailbox servers, the first server of each other role, and all of
        pre-release; a customer's comes later."""
        if server.environment != "production":
            return server.environment == "pre-release"
        number = int("".join(letter for letter in server.name if letter.isdigit()))
        return number <= 6 if server.role == "mailbox" else number == 1

    def of(self, environment):
        return [each.name for each in self.affected if each.environment == environment]

    def others(self):
        return set(self.names) - {server.name for server in self.affected}

    def drivers(self):
        """{server: the version of the driver that is loaded there, or out}."""
        found = field.on_each(self.stage.fleet, [each.name for each in self.affected], DRIVER)
        return {name: text.strip() for name, text in found.items()}

    def slow(self):
        found = field.on_each(self.stage.fleet, self.names, SPEED)
        return {name for name, text in found.items() if text.strip() != "0"}

    # Scenes.

    def prepare(self):
        stage = self.stage
        production = [each for each in self.servers if each.environment == "production"]
        stage.scene(f"1. {len(production)} servers in production, and "
                    f"{len(self.servers) - len(production) - len(self.customers)} before it")
        stage.tell("""Each is an sshd with its own disk, processes and services; mailbox servers are
            clusters of two.""")
        stage.start_fleet(self.servers)
        for role in field.ROLES:
            here = [each for each in production if each.role == role]
            had = sum(1 for each in here if each in self.affected)
            print(f"   {len(here):4d} {role}, {had} with the driver")
        stage.make_library(os.path.join(ROOT, "runbooks"), os.path.join(HERE, "library-case"))
        # This house has a baseline of its own.
        shutil.rmtree(os.path.join(stage.library, "runbooks/baseline/messaging"))
        stage.write("inventory/field.yaml", field.inventory(
            self.servers, canaries=[
                self.of("production")[0], self.of("pre-release")[0], self.customers[0].name]))
        stage.commit("Our runbooks, and our servers")
        stage.make_people(PEOPLE, FLOORS)
        self.alertmanager = alertmanager.start(
            os.path.join(stage.folder, "alertmanager"), stage.spawn)
        self.version = ("--set", "version=1.1", "--set", "alertmanager=" + self.alertmanager)
        stage.types("lena", "trust", "show", says=["olga", "sven", "after pre-release"], lines=40)
        stage.tell("""Production takes no runbook that hasn't succeeded before it. Lena has one for
            slow mailbox servers, and tries it on a server that a restart cures:""")
        stage.plant("slow-service", ["pre-mbx01a"])
        stage.types("sven", "run", "mailbox.slow-server", "--on", "pre-mbx01a", "--set",
                    "latency_limit=140", "--yes", says="it helped", lines=14)
        stage.tell(f"""Then {len(self.affected)} servers get newer disks, and with them a vendor's
            driver, storctl 1.0. It holds the disk for 600 ms at a time. Nobody knows that yet.""")
        stage.plant("bad-driver", [server.name for server in self.affected])

    def page(self, name, server, latency):
        """An alert's file, as Alertmanager's webhook sends it."""
        alerts = [{
            "status": "firing",
            "labels": {"alertname": alert, "instance": f"{server}:9100", "severity": "page", **more},
            "annotations": {"summary": summary},
        } for alert, more, summary in (
            ("ServerLatencyHigh", {"threshold": "400"},
             f"a log-in on {server} takes {latency} ms, for five minutes"),
            ("ProcessorLoadHigh", {"threshold": "400"}, f"the processor of {server} is above 90 %"),
        )]
        with open(os.path.join(self.stage.folder, name), "w") as file:
            json.dump({"version": "4", "status": "firing", "alerts": alerts}, file, indent=1)
        return name

    def alert(self):
        stage = self.stage
        stage.scene("2. Monday, 02:12: an alert")
        stage.clock.set("2026-11-23 02:12")
        page = self.page("page.json", "mbx01a", 640)
        stage.tell("""Latency is above 400 ms for five minutes, and the processor above 90 %. Olga is on
            call for many services, and no expert for this one. Which runbook fits?""")
        stage.types("olga", "alert", page, "--ticket", "INC-4711", says="mailbox.slow-server")
        stage.tell("One: it looks at what is used, restarts the mail store, and looks again.")
        stage.types("olga", "run", "mailbox.slow-server", f"--alert={page}", "--on", "mbx01a",
                    "--ticket", "INC-4711", "--yes", exits=14,
                    says=["unresolved", "handrail escalate"], lines=50)
        status = stage.ask("status", "last")
        stage.same("it is recorded that it didn't help", status["resolution"], "unresolved")
        stage.same("and whom to tell", status["escalate"], "tier-3")
        self.first = status["run"]

    def escalate(self):
        stage = self.stage
        stage.scene("3. It is escalated, with everything that was done")
        stage.types("olga", "escalate", "last", "--note",
                    "restarted once, as slow as before; users still call", says="tier-3")
        (handed,) = stage.ask("status")["escalations"]
        folder = os.path.join(stage.home, "escalations", handed["escalation"])
        with open(os.path.join(folder, "pack.json")) as file:
            pack = json.load(file)
        stage.same("the pack has the alert", {each["labels"]["alertname"] for each in pack["alerts"]},
                   {"ServerLatencyHigh", "ProcessorLoadHigh"})
        parts = [each["part"] for each in pack["attempts"]]
        stage.expect("and every step, from the first look to the last",
                     {"measure", "evidence", "restart", "again"} <= set(parts), parts)
        self.handed = handed["escalation"]

    def compare_incidents(self):
        stage = self.stage
        stage.scene("4. The specialist compares")
        stage.clock.set("2026-11-23 02:40")
        page = self.page("page-2.json", "mbx04b", 655)
        stage.tell("Another server is slow. Olga does the same there, and hands that over too.")
        stage.types("olga", "run", "mailbox.slow-server", f"--alert={page}", "--on", "mbx04b",
                    "--ticket", "INC-4712", "--yes", exits=14, says="unresolved", lines=12)
        stage.types("olga", "escalate", "last", "--note", "the same as INC-4711", says="tier-3")
        self.second = stage.ask("history")["runs"][0]["run"]
        stage.tell("Sven is tier 3. What waits for him, and what do both have in common?")
        stage.types("sven", says=["INC-4711", "INC-4712"])
        stage.types("sven", "history", "--since", "2026-11-22", "--runbook", "mailbox.slow-server", says="unresolved")
        for run in (self.first, self.second):
            (kept,) = [each for each in stage.ask("logs", run, "--full")["attempts"]
                       if each["part"] == "evidence"]
            stage.expect("what was kept before the restart names a driver from elsewhere, storctl",
                         "storctl" in json.dumps(kept["collected"]), list(kept["collected"]))
        well = [server for server in self.servers
                if server.role == "mailbox" and server.name in self.others()][0].name
        has = field.on_each(stage.fleet, [well], DRIVER)[well].strip()
        stage.same(f"{well}, which is well, doesn't have it", has, "out")

    def try_before(self):
        stage = self.stage
        stage.scene("5. First where nobody is hurt")
        stage.clock.set("2026-11-23 03:05")
        stage.tell("""Sven and Lena write a runbook that takes the driver out. Production wants to see
            first that it went well before production, on one server of each role:""")
        stage.shows("runbooks/storctl/disable/runbook.yaml")
        stage.types("sven", "plan", "storctl.disable", *OURS, exits=4, says=["pre-release"],
                    lines=50)
        stage.types("sven", "run", "storctl.disable", "--limit", "pre-*", "--ticket", "INC-4711",
                    "--yes", lines=40)
        found = self.drivers()
        stage.same("the driver is out, before production", {found[n] for n in self.of("pre-release")},
                   {"out"})
        stage.same("and nowhere else", {found[n] for n in self.of("production")}, {"1.0"})

    def emergency(self):
        stage = self.stage
        stage.scene("6. An emergency change")
        stage.clock.set("2026-11-23 03:40")
        stage.tell(f"""{len(self.of('production'))} servers at once are more than one person may do by
            a runbook alone, and no window is open before Saturday:""")
        stage.types("sven", "run", "storctl.disable", *OURS, "--yes", exits=4, says="change")
        stage.types(
            "sven", "change", "open", "storctl.disable", *OURS, "--type", "driver", "--urgency",
            "emergency", "--why", "a third-party driver holds the disk, users wait for their mail",
            "--expected", "20m", "--impact-service", "none: the disks have another driver",
            "--impact-capacity", "none", "--impact-security", "none", "--impact-recovery",
            "none: no setting is changed", "--ticket", "INC-4711", says="CHG-1", lines=50)
        stage.types("sven", "change", "submit", "CHG-1", says="submitted")
        stage.types("mona", "change", "assess", "CHG-1", "--note",
                    "risk analysis: no effect on settings", says="assessed")
        stage.tell("Sven may approve changes, but not this one: he asked for it.")
        stage.types("sven", "change", "approve", "CHG-1", "--yes", exits=4)
        stage.types("abel", "change", "approve", "CHG-1", "--yes", says="scheduled", lines=30)
        change = stage.ask("change", "show", "CHG-1")
        (time,) = change["dates"]
        hours = (time["end"] - time["start"]) / 3600 / 1000
        stage.same("it has 24 hours from its approval on, which nobody scheduled", hours, 24.0)

    def emergency_run(self):
        stage = self.stage
        stage.scene("7. The driver is disabled on all affected servers, wave by wave")
        self.slow_before = self.slow()
        stage.types("ivo", "run", "CHG-1", "--yes", lines=50)
        found = self.drivers()
        stage.same("the driver is out on every affected server", set(found.values()), {"out"})
        stage.same("the servers that were slow were those with the driver", self.slow_before,
                   set(self.of("production")))
        stage.same("no server is slow any more", self.slow(), set())
        run = stage.ask("history")["runs"][0]["run"]
        lines = evidence.trail(stage.home, run)
        stage.same("and no other server was touched", evidence.targets(lines, "target.started"),
                   set(self.of("production")))
        waves = [line["data"]["wave"] for line in evidence.of_kind(lines, "wave.started")]
        stage.same("in four waves, one after the other", waves, [1, 2, 3, 4])
        for number, escalation in enumerate(stage.ask("status")["escalations"]):
            stage.types("sven", "escalate", escalation["escalation"], "--done", "--note",
                        "the driver storctl 1.0 was taken out with CHG-1")
        stage.same("nothing of it waits any more", stage.ask("status")["escalations"], [])

    def baseline(self):
        stage = self.stage
        stage.scene("8. The baseline gains an item")
        stage.clock.set("2026-11-23 09:10")
        stage.tell("Until now the baseline knew nothing of drivers:")
        stage.types("olga", "run", "baseline.servers", *ALL_OURS, lines=30)
        name = "runbooks/baseline/servers/"
        with open(os.path.join(stage.library, name + "runbook.yaml"), "a") as file:
            file.write(ITEM.lstrip("\n"))
        stage.write(name + "scripts/driver", SCRIPT)
        stage.commit("The baseline looks for the driver that holds the disk")
        stage.tell("Lena adds one, with the runbook that mends it:")
        print(ITEM.rstrip("\n"))
        stage.types("olga", "run", "baseline.servers", *ALL_OURS, says="complies", lines=30)

    def eight_hours_later(self):
        stage = self.stage
        stage.scene("9. Eight hours later")
        stage.clock.set("2026-11-23 17:30")
        stage.tell("Somebody has put mbx02b back to how it was, by hand. The timer audits what is due:")
        field.on_each(stage.fleet, ["mbx02b"],
                      "rm /etc/modprobe.d/handrail-storctl.conf; modprobe storctl")
        stage.types("olga", "baseline", "audit", exits=14, says=["storctl", "mbx02b"], lines=400)
        stage.types("olga", "baseline", "report", exits=14, says=["mbx02b"], lines=40)
        alerts = stage.run("olga", "baseline", "report", "--alerts").out
        with open(os.path.join(stage.folder, "deviations.json"), "w") as file:
            file.write(alerts)
        stage.types("olga", "alert", "deviations.json", says=["storctl.disable", "mbx02b"])
        stage.tell("One server is what the front line may mend by itself, before users notice:")
        stage.types("olga", "run", "storctl.disable", "--on", "mbx02b", "--yes", lines=30)
        stage.types("olga", "run", "baseline.servers", "--on", "mbx02b", lines=20)
        stage.same("no server is slow", self.slow(), set())

    def vendor(self):
        stage = self.stage
        stage.scene("10. Thursday: the vendor has a fixed driver")
        stage.clock.set("2026-11-26 10:00")
        stage.tell("Production wants it tried before production first, whoever asks:")
        stage.types("ivo", "plan", "storctl.install", *OURS, *self.version, "--no-probe", exits=4,
                    says="pre-release", lines=40)
        stage.types("ivo", "run", "storctl.install", "--limit", "pre-*", *self.version,
                    "--yes", lines=40)
        found = self.drivers()
        stage.same("the fixed driver is loaded before production",
                   {found[name] for name in self.of("pre-release")}, {"1.1"})

    def normal_change(self):
        stage = self.stage
        stage.scene("11. A normal change for the next window")
        stage.clock.set("2026-11-26 14:00")
        stage.types(
            "sven", "change", "open", "storctl.install", *OURS, *self.version, "--type", "driver", "--implementer", "ivo",
            "--why", "the fixed driver, after the emergency change CHG-1", "--expected", "1h",
            "--start", stage.clock.rfc3339("2026-11-28 20:00"),
            "--end", stage.clock.rfc3339("2026-11-28 23:00"),
            "--impact-service", "none", "--impact-capacity", "the newer disks are used fully again",
            "--impact-security", "none", "--impact-recovery", "the driver is taken out again",
            says="CHG-2", lines=50)
        stage.types("sven", "change", "submit", "CHG-2", says="submitted")
        stage.tell("The emergency is looked at afterwards, and names the change that follows it:")
        stage.types("mona", "change", "close", "CHG-1", "--note",
                    "the driver was the cause; the vendor's fixed one follows", "--followed-by",
                    "CHG-2", says="closed")
        stage.types("mona", "change", "assess", "CHG-2", "--note", "fits", says="assessed")
        stage.types("abel", "change", "approve", "CHG-2", "--yes", says="approved", lines=30)
        stage.types("mona", "change", "schedule", "CHG-2", says="scheduled")
        stage.tell("Ivo is early:")
        stage.types("ivo", "run", "CHG-2", "--yes", exits=4, says="20:00")

    def saturday(self):
        stage = self.stage
        stage.scene("12. Saturday, 20:00: the permanent fix")
        stage.clock.set("2026-11-28 20:01")
        stage.types("ivo", "run", "CHG-2", "--yes", lines=50)
        self.silenced(self.of("production"), waves=4)
        stage.same("the fixed driver is loaded on every affected server", set(self.drivers().values()),
                   {"1.1"})
        stage.same("no server is slow", self.slow(), set())
        stage.types("mona", "change", "close", "CHG-2", "--note", "done everywhere", says="closed")
        stage.tell("And the baseline agrees, everywhere:")
        stage.types("olga", "run", "baseline.servers", *ALL_OURS, lines=30)

    def silenced(self, servers, waves):
        """Whether Alertmanager had a silence for each wave, of its servers, and has none now."""
        stage, lines = self.stage, {}
        for each in alertmanager.silences(self.alertmanager):
            (matcher,) = [m for m in each["matchers"] if m["name"] == "instance"]
            lines[each["id"]] = (each["status"]["state"], matcher["value"])
        run = stage.ask("history")["runs"][0]["run"]
        ours = [line for each, line in lines.items() if each in self.silence_ids(run)]
        stage.same("each wave was silenced, and each silence given back",
                   [state for state, _ in ours], ["expired"] * waves)
        named = [name for _, value in ours for name in value.removeprefix("^(?:").split("):")[0].split("|")]
        stage.same("each server by the silence of its wave, once", sorted(named), sorted(servers))

    def silence_ids(self, run):
        """What a run's before_wave got from Alertmanager."""
        return {each["outputs"]["sid"] for each in self.stage.ask("logs", run)["attempts"]
                if each["part"] == "silence" and each.get("outputs")}

    def customer(self):
        stage = self.stage
        stage.scene("13. A customer's servers come last")
        stage.clock.set("2026-11-30 10:00")
        names = [server.name for server in self.customers]
        stage.tell(f"""{len(names)} servers belong to a customer, and are run by this house: an environment of its
            own, which takes only what has succeeded in production. They have the same disks; the
            driver was taken out there by hand.""")
        stage.plant("bad-driver", names)
        field.on_each(stage.fleet, names, "modprobe -r storctl")
        where = ("--limit", f"customer = {CUSTOMER}", *self.version)
        stage.tell("Somebody improves the runbook by a line, and asks for it there:")
        guard = os.path.join(stage.library, "runbooks/storctl/install/scripts/is-loaded")
        with open(guard) as file:
            before = file.read()
        stage.write("runbooks/storctl/install/scripts/is-loaded", before + "# Asked twice is safe.\n")
        stage.commit("A comment")
        stage.types("ivo", "plan", "storctl.install", *where, "--no-probe", exits=4,
                    says=["2 environment: refused", "production"], lines=40)
        stage.tell("What production has never run is another runbook. As it was there:")
        stage.write("runbooks/storctl/install/scripts/is-loaded", before)
        stage.commit("As it was")
        stage.types(
            "sven", "change", "open", "storctl.install", *where, "--type", "driver",
            "--implementer", "ivo", "--why", "the fixed driver, as in production with CHG-2",
            "--expected", "1h", "--start", stage.clock.rfc3339("2026-12-05 20:00"),
            "--end", stage.clock.rfc3339("2026-12-05 23:00"), "--impact-service", "none",
            "--impact-capacity", "the newer disks are used fully again", "--impact-security",
            "none", "--impact-recovery", "the driver is taken out again",
            says=["CHG-3", "2 environment: open"], lines=50)
        stage.types("sven", "change", "submit", "CHG-3", says="submitted")
        stage.types("mona", "change", "assess", "CHG-3", "--note", "agreed with the customer",
                    says="assessed")
        stage.types("abel", "change", "approve", "CHG-3", "--yes", says="approved", lines=30)
        stage.types("mona", "change", "schedule", "CHG-3", says="scheduled")
        stage.clock.set("2026-12-05 20:01")
        stage.types("ivo", "run", "CHG-3", "--yes", lines=50)
        found = field.on_each(stage.fleet, names, DRIVER)
        stage.same("the fixed driver is loaded on the customer's servers",
                   {text.strip() for text in found.values()}, {"1.1"})
        self.silenced(names, waves=3)
        stage.types("mona", "change", "close", "CHG-3", "--note", "done", says="closed")

    def the_record(self):
        stage = self.stage
        stage.scene("14. What an auditor sees")
        stage.types("lena", "audit", "log", lines=40, says=["INC-4711"])
        stage.types("lena", "audit", "verify", says="consistent")
        inbox = [each for each in stage.ask("status")["items"]]
        stage.same("nothing waits for anybody", inbox, [])
