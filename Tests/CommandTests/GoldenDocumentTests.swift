import Foundation
import Runbooks
import Runner
import Testing

@testable import Audit
@testable import handrail

/// What programs read: every `--json` form, key by key, and its page.
struct GoldenDocumentTests {
    /// What is said of a home whose journal is lost.
    private static let lost = "The journal /home/journal.db is damaged or no journal."

    private static func expect(_ document: some Encodable, in name: String) throws {
        let bytes = try CanonicalJSON.bytes(of: document)
        try Golden.expect(document: String(decoding: bytes, as: UTF8.self), in: name)
    }

    @Test func plan() async throws {
        var scene = try await GoldenScene()
        try Self.expect(PlanDocument(scene.subject), in: "plan")
        scene.subject.notProbed = "--no-probe"
        scene.subject.at = GoldenScene.now
        scene.subject.change = ChangeID(number: 7)
        try Self.expect(PlanDocument(scene.subject), in: "plan-not-probed")
        try Self.expect(PlanDocument(try await GoldenScene.glassForecast()), in: "plan-glass")
    }

    @Test func runs() async throws {
        try Self.expect(RunDocument(try await GoldenScene.questioned().machine), in: "run-asking")
        try Self.expect(RunDocument(try await GoldenScene.owing().machine), in: "run-owed")
        let ended = try await GoldenScene.ended()
        try Self.expect(RunDocument(ended.machine), in: "run-failed")
        try Self.expect(
            HistoryDocument(
                runs: [
                    RunHeader(try await GoldenScene.rolledBack().summary),
                    RunHeader(ended.summary),
                    RunHeader(try await GoldenScene.brokenGlass().summary),
                ], helped: HelpedHere.of([ended.summary])),
            in: "history")
        let resolved = try await GoldenScene.resolved()
        try Self.expect(
            RunDocument(resolved.machine, trail: "58:" + String(repeating: "a", count: 64)),
            in: "run-resolved")
        let stopped = try await GoldenScene.stopped()
        try Self.expect(
            RunDocument(
                stopped.scene.machine, isLed: false, escalations: stopped.escalations,
                locks: try GoldenScene.locks()),
            in: "run-stopped")
        try Self.expect(
            RunDocument(try await GoldenScene.passedOver().machine), in: "run-passed-over")
        try Self.expect(
            RunDocument(try await GoldenScene.unsettled().machine, isLed: false), in: "run-unknown")
        let rolledBack = try await GoldenScene.rolledBack()
        try Self.expect(RunDocument(rolledBack.machine), in: "run-rolled-back")
        try Self.expect(RunDocument(try await GoldenScene.framed().machine), in: "run-framed")
        try Self.expect(
            RunDocument(try await GoldenScene.asksBeforeItsWave().machine, isLed: true),
            in: "run-asks-before")
        try Self.expect(
            RunDocument(try await GoldenScene.soaking().machine, isLed: true), in: "run-soaking")
        try Self.expect(
            RunDocument(try await GoldenScene.unwell().machine, isLed: false), in: "run-unwell")
        let retried = try await GoldenScene.retried()
        try Self.expect(
            RunDocument(retried.machine, isLed: false, children: [rolledBack.summary.id]),
            in: "run-retried")
        let asking = RunDocument(try await GoldenScene.asking().machine, isLed: true)
        try Self.expect(asking, in: "run-manual")
        try Self.expect(
            RunDocument(try await GoldenScene.brokenGlass().machine), in: "run-broken-glass")
        try Self.expect(
            GlassRequestsDocument([try GoldenScene.glassRequest()]), in: "break-glass")
        try Self.expect(InboxDocument(try await GoldenScene.inbox()), in: "inbox")
        try Self.expect(
            ReplyDocument(run: ended.summary.id, command: "pause", reply: "taken"), in: "reply")
    }

    @Test func logs() async throws {
        let scene = try await GoldenScene.ended()
        var logs = AttemptLog.attempts(in: scene.events)
        logs[0].stdout.pruned = GoldenScene.now
        try Self.expect(LogDocument(run: scene.summary.id, attempts: logs), in: "logs")
        let line = LogLine(run: scene.summary.id, attempt: try #require(logs.first))
        try Self.expect(line, in: "logs-follow")
    }

    @Test func library() async throws {
        let scene = try await GoldenScene.ended()
        let (runbook, inventory) = (scene.runbook, scene.opened.library.inventory)
        var entry = RunbookEntry(runbook)
        entry.take(try await GoldenScene.memory())
        try Self.expect(RunbookList(library: scene.opened.source, runbooks: [entry]), in: "list")
        try Self.expect(
            RunbookList(
                library: scene.opened.source, runbooks: [],
                noHistory: Self.lost),
            in: "list-no-history")
        try Self.expect(
            RunbookDocument(
                runbook, entry: entry, article: "# Limits\n", library: scene.opened.source,
                inventory: inventory), in: "show")
        var listed = runbook
        listed.steps[0].forEach = .texts(["dovecot", "post fix"])
        listed.steps[1].forEach = .reference(Expression.Name(parts: ["target", "services"]))
        (listed.beforeWave, listed.afterWave) = GoldenScene.lists
        listed.facts = [
            Fact(
                name: try #require(ParameterName(rawValue: "os")),
                script: ScriptCall(program: .inline("cat /etc/debian_version")),
                choices: ["12", "13"])
        ]
        try Self.expect(
            RunbookDocument(
                listed, entry: entry, article: nil, library: scene.opened.source,
                inventory: inventory), in: "show-items")
        try Self.expect(
            RunbookDocument(
                runbook, entry: RunbookEntry(runbook), article: nil, library: scene.opened.source,
                inventory: inventory, noHistory: Self.lost), in: "show-no-history")
        try Self.expect(
            InventoryDocument(library: scene.opened.source, targets: inventory.targets),
            in: "inventory")
    }

    @Test func operators() async throws {
        let report = try await GoldenScene.alertReport()
        try Self.expect(report.document, in: "alert")
        var mending = report
        mending.fits[0].item = StepID(rawValue: "limits")
        try Self.expect(mending.document, in: "alert-mends")
        var several = report
        several.fits[0].otherAlerts = ["WebLimitsOld"]
        try Self.expect(several.document, in: "alert-several")
        let result = LibrarySearch.Result(
            found: [
                LibrarySearch.Found(
                    runbook: try await GoldenScene().runbook,
                    hit: SearchHit(
                        id: "web.limits", place: .article, score: -1, excerpt: "… by other limits …"
                    ),
                    past: PastUse.of([try await GoldenScene.resolved().summary])
                        .values.first ?? PastUse(), flags: [try GoldenScene.flag()])
            ], isPartial: true, meant: ["limts": "limits"])
        try Self.expect(
            FindDocument(library: report.document.library, result), in: "find")
        let nothing = LibrarySearch.Result(found: [], isPartial: false, meant: [:])
        try Self.expect(
            FindDocument(library: report.document.library, nothing, noHistory: Self.lost),
            in: "find-no-history")
        let unknown = try await GoldenScene.alertReport(
            HomeMemory(unreadable: Failure(.invalidInput, code: "journal.corrupt", Self.lost)))
        try Self.expect(unknown.document, in: "alert-no-history")
    }

    @Test func upkeep() throws {
        let (digest, anchor) = (
            String(repeating: "d", count: 64), "61:" + String(repeating: "e", count: 64)
        )
        let run: RunID = try name("r-20261123-0700-k3f9")
        let manifest = BackupManifest(
            format: 1, created: GoldenScene.now, program: "handrail 0.1.0", host: "ctl1",
            home: "/var/lib/handrail", runs: 12, openRuns: [run.rawValue], events: 61,
            trail: .init(
                controller: "ctl1-0a1b2c3d", anchor: anchor,
                commit: String(repeating: "c", count: 40)),
            hasKeys: true, contents: 40, sums: digest)
        let report = HomeBackup.Report(
            manifest: manifest, bytes: 1_048_576, sha256: digest,
            damaged: ["output/dd/\(digest)"], leftOut: ["escalations"], removed: [])
        try Self.expect(
            BackupView(report: report, path: "/mnt/safe/b.tar").document, in: "backup")
        var rebuilt = JournalRebuild.Report()
        (rebuilt.lostTexts, rebuilt.lostValues, rebuilt.lostNonces) = (3, 1, 2)
        (rebuilt.withoutPlan, rebuilt.older) = ([run], ["r-20250101-0000-aaaa"])
        try Self.expect(
            RestoreDocument(
                HomeRestore.Result(
                    home: "/var/lib/handrail", origin: .backup, taken: GoldenScene.now, runs: 12,
                    openRuns: [run], trail: anchor, missing: 4, rebuilt: rebuilt,
                    aside: "/var/lib/handrail.aside-20261126-030000", isSealed: true)),
            in: "restore")
        var pruned = HomePrune.Report(before: GoldenScene.now)
        (pruned.outputs, pruned.outputBytes, pruned.trail) = (7, 81_920, anchor)
        (pruned.leftovers, pruned.leftoverBytes) = (["/var/lib/handrail.new-0123456789abcdef"], 512)
        try Self.expect(PruneDocument(pruned, isDryRun: false), in: "prune")
    }

    @Test func changes() throws {
        let now = GoldenScene.now
        let documents =
            [
                ChangeDocument(
                    try GoldenScene.change(), leftOut: try GoldenScene.changeLeftOut(),
                    trail: "61:" + String(repeating: "e", count: 64), now: now,
                    count: ApprovalCount(
                        people: ["carl"], problems: [0: ["may took it back: a new finding"]]),
                    written: try GoldenScene.written())
            ]
            + (try GoldenScene.otherChanges().map {
                ChangeDocument($0, leftOut: [], trail: nil, now: now)
            })
        for (document, name) in zip(documents, ["change", "change-draft", "change-closed"]) {
            try Self.expect(document, in: name)
        }
        try Self.expect(ChangeListDocument(changes: documents), in: "change-list")
        let (schedule, freezes, horizon) = try GoldenScene.schedule()
        try Self.expect(
            ChangeCalendarDocument(schedule, freezes: freezes, horizon), in: "change-calendar")
    }

    @Test func flags() throws {
        let flag = try GoldenScene.flag()
        try Self.expect(
            FlagDocument(
                runbook: flag.runbook, why: flag.why, cleared: nil,
                trail: "61:" + String(repeating: "e", count: 64)), in: "flag")
        try Self.expect(
            FlagDocument(runbook: flag.runbook, why: "mended", cleared: 2, trail: nil),
            in: "flag-clear")
    }

    @Test func escalations() async throws {
        let pack = try await GoldenScene.pack()
        try Self.expect(pack, in: "pack")
        var escalation = Escalation(
            id: pack.escalation, run: pack.run?.run, at: pack.at, actor: pack.actor, to: pack.to,
            note: pack.note, ticket: pack.ticket, alert: pack.alert,
            evidence: .sha256(of: [1]), pack: .sha256(of: [2]))
        let head = "60:" + String(repeating: "d", count: 64)
        try Self.expect(
            EscalationReport(
                escalation: escalation, folder: "/home/ann/pack", files: 6, trail: head
            ).document, in: "escalate")
        escalation.end = Escalation.End(at: GoldenScene.now, actor: "carl", note: "mended")
        try Self.expect(
            EscalationReport(escalation: escalation, folder: nil, files: nil, trail: head)
                .document, in: "escalate-done")
    }

    @Test func checks() throws {
        let problem = Diagnostic.error(
            "unknown-key", "A step has no key 'efect'.",
            at: SourcePosition(file: "runbooks/web/limits/runbook.yaml", line: 30, column: 5),
            excerpt: "efect: read", hint: "Did you mean 'effect'?")
        try Self.expect(
            ValidationReport.Document(
                diagnostics: [problem], errors: 1, warnings: 0, runbooks: 1, targets: 4),
            in: "validate")
        let findings = [
            DoctorFinding(.ok, "git", "git 2.39.5"),
            DoctorFinding(.problem, "ssh", "not found", remedy: "install openssh-client"),
        ]
        try Self.expect(DoctorReport(findings: findings).document, in: "doctor")
        var found = TrailVerification()
        (found.events, found.commits, found.lastTrusted) = (58, 7, 41)
        found.tip = TrailAnchor(size: 58, digest: String(repeating: "a", count: 64))
        found.commit = String(repeating: "b", count: 40)
        found.controller = "lab-0a1b2c3d"
        found.add(
            TrailFinding(
                kind: .lineChain, commit: found.commit, path: "events/x.ndjson", sequence: 42,
                message: "It names another line as the one before it.", lastTrusted: 41))
        try Self.expect(
            AuditVerifyDocument(
                found, copy: TrailCopy(folder: "/mnt/backup/trail.git", isBeside: false)),
            in: "audit-verify")
        let failure = Failure(
            .invalidInput, code: "document", "The runbook web.limits has errors.",
            hint: "correct them", diagnostics: [problem])
        try Self.expect(FailureDocument(error: .init(failure)), in: "error")
    }

    @Test func trail() throws {
        let lines = try AuditSamples.lines()
        var history = TrailHistory()
        history.take(lines)
        try Self.expect(
            AuditLogDocument(
                trail: "lab-0a1b2c3d",
                AuditLogView.History(runs: history.runs, acts: history.acts)), in: "audit-log")
        try Self.expect(
            AuditShowDocument(trail: "lab-0a1b2c3d", try AuditSamples.passage()), in: "audit-show")
        var state = PushState(remote: "ssh://office/trail.git")
        (state.commit, state.events) = (String(repeating: "b", count: 40), 58)
        try Self.expect(
            AuditPushDocument(.pushed(state, wasLost: true), state.remote), in: "audit-push")
        try Self.expect(
            AuditPushDocument(.failed("no route to host"), state.remote), in: "audit-push-failed")
        let foreign = String(repeating: "e", count: 40)
        try Self.expect(
            AuditPushDocument(.diverged(foreign), state.remote), in: "audit-push-diverged")
        (state.failure, state.foreign) = ("no route to host", foreign)
        try Self.expect(
            InboxDocument(
                Inbox(
                    lag: TrailLag(
                        address: TrailAddress(checked: state.remote), events: 3,
                        since: PastRun.start, state: state,
                        limit: nil))), in: "inbox-trail")
        try Self.expect(
            AuditExportCommand.ExportDocument(
                run: "r-20261123-0700-k3f9", ended: true, folder: "/tmp/x", files: ["VERIFY.md"]),
            in: "audit-export")
        try Self.expect(
            AuditRotateKeyCommand.KeyDocument(
                key: "ssh-ed25519 AAAA", fingerprint: "SHA256:abc"), in: "audit-rotate-key")
    }

    @Test func trust() throws {
        let (book, person) = try GoldenScene.trust()
        try Self.expect(
            TrustDocument(book, people: book.people, at: GoldenScene.now), in: "trust-show")
        try Self.expect(TrustHostsDocument(added: 1, pins: book.pins), in: "trust-hosts")
        let position = SourcePosition(file: "people/ann.yaml", line: 3, column: 7)
        let problem = Diagnostic.error(
            "bad-value", "There is no such role.", at: position, excerpt: "boss",
            hint: "Did you mean 'lead'?")
        try Self.expect(
            TrustVerifyDocument(
                trust: true, digest: book.digest, diagnostics: [problem],
                problems: ["it was altered by hand"]), in: "trust-verify")
        try Self.expect(
            WhoamiDocument(
                account: "ann", people: [person], held: Set(person.keys.map(\.fingerprint)),
                book: book, at: GoldenScene.now), in: "whoami")
    }

    @Test func baselines() throws {
        let scene = try BaselineScene()
        try Self.expect(RunDocument(scene.machine), in: "run-audit")
        try Self.expect(BaselineReportDocument([try scene.report()]), in: "baseline-report")
        try Self.expect(
            AuditsDocument(runs: [RunDocument(scene.machine)]), in: "baseline-audit")
        try Self.expect(DeviationAlert.of(try scene.report()), in: "baseline-alerts")
        let entries = [
            DueAudits.Entry(
                baseline: scene.baseline, environment: "lab", due: [try name("old01")],
                targets: scene.library.inventory.targets.map(\.name), next: nil,
                tried: PastRun.start),
            DueAudits.Entry(
                baseline: scene.baseline, environment: "live", due: [], targets: [],
                next: PastRun.start, tried: nil),
        ]
        try Self.expect(DueDocument(DueAudits(entries: entries)), in: "baseline-due")
    }

    @Test func beginnings() throws {
        try Self.expect(
            InitDocument(folder: "/srv/runbooks", files: ["handrail.yaml"], commit: "3f2c1d9"),
            in: "init")
        try Self.expect(
            CompletionsCommand.ScriptDocument(shell: "bash", script: "#!/bin/bash\n"),
            in: "completions")
    }
}

/// docs/json.md has every key that the commands write, and no other.
struct DocumentPageTests {
    /// The goldens of each form: together they have all of its keys.
    private static let forms: [(form: String, goldens: [String])] = [
        ("plan", ["plan", "plan-not-probed", "plan-glass"]),
        (
            "run",
            [
                "run-asking", "run-manual", "run-owed", "run-failed", "run-resolved",
                "run-framed", "run-stopped", "run-passed-over", "run-unknown", "run-rolled-back",
                "run-retried", "run-broken-glass", "run-asks-before", "run-soaking", "run-unwell",
                "run-audit",
            ]
        ),
        ("status", ["inbox", "inbox-trail"]), ("history", ["history"]),
        ("reply", ["reply"]), ("logs", ["logs"]),
        ("logs -f", ["logs-follow"]), ("list", ["list", "list-no-history"]),
        ("show", ["show", "show-items", "show-no-history"]),
        ("inventory", ["inventory"]), ("validate", ["validate"]), ("doctor", ["doctor"]),
        ("alert", ["alert", "alert-mends", "alert-several", "alert-no-history"]),
        ("find", ["find", "find-no-history"]),
        ("escalate", ["escalate", "escalate-done"]),
        ("pack.json", ["pack"]), ("flag", ["flag", "flag-clear"]),
        ("change", ["change", "change-draft", "change-closed"]),
        ("change list", ["change-list"]), ("change calendar", ["change-calendar"]),
        ("break-glass", ["break-glass"]), ("trust show", ["trust-show"]),
        ("trust hosts", ["trust-hosts"]), ("trust verify", ["trust-verify"]),
        ("whoami", ["whoami"]),
        ("audit verify", ["audit-verify"]),
        ("audit push", ["audit-push", "audit-push-failed", "audit-push-diverged"]),
        ("audit export", ["audit-export"]), ("audit rotate-key", ["audit-rotate-key"]),
        ("audit log", ["audit-log"]), ("audit show", ["audit-show"]),
        ("error", ["error"]), ("init", ["init"]),
        ("backup", ["backup"]), ("restore", ["restore"]), ("prune", ["prune"]),
        ("completions", ["completions"]),
        ("baseline report", ["baseline-report"]), ("baseline audit", ["baseline-audit"]),
        ("baseline report --alerts", ["baseline-alerts"]), ("baseline due", ["baseline-due"]),
    ]

    /// The keys of each form on the page, such as `targets[].steps[].outcome`.
    private static func page() throws -> [String: [String]] {
        let file = Golden.folder.appending(path: "../../../docs/json.md")
        var forms: [String: [String]] = [:]
        var form = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("## ") { form = String(line.dropFirst(3)).replacing("`", with: "") }
            // What isn't built yet keeps its place on the page, and is written by nothing.
            guard line.hasPrefix("| `"), !line.contains("**not built**") else { continue }
            forms[form, default: []].append(String(line.dropFirst(3).prefix { $0 != "`" }))
        }
        return forms
    }

    @Test(arguments: forms)
    func hasEveryKeyAndNoOther(_ form: String, _ goldens: [String]) throws {
        let documented = try #require(try Self.page()[form], "no table of \(form)")
        let emitted = try goldens.reduce(into: Set<String>()) {
            $0.formUnion(Self.keys(of: try Golden.document($1), at: ""))
        }
        let unknown = emitted.filter { key in !documented.contains { Self.covers($0, key) } }
        #expect(unknown.sorted() == [], "keys of \(form) that docs/json.md doesn't have")
        let unused = documented.filter { row in !emitted.contains { Self.covers(row, $0) } }
        #expect(unused == [], "keys of \(form) that nothing writes")
    }

    @Test func hasNoFormThatNothingWrites() throws {
        #expect(Set(try Self.page().keys) == Set(Self.forms.map(\.form)))
    }

    /// All keys of a document, with `[]` behind lists.
    private static func keys(of value: Any, at path: String) -> Set<String> {
        switch value {
        case let list as [Any]:
            return list.reduce(into: []) { $0.formUnion(keys(of: $1, at: path + "[]")) }
        case let object as [String: Any]:
            return object.reduce(into: []) { found, pair in
                let key = path.isEmpty ? pair.key : "\(path).\(pair.key)"
                found.insert(key)
                found.formUnion(keys(of: pair.value, at: key))
            }
        default: return []
        }
    }

    /// Whether a row is about a key: `*` stands for any name, `.…` for all below.
    private static func covers(_ row: String, _ key: String) -> Bool {
        let (rows, keys) = (row.split(separator: "."), key.split(separator: "."))
        let isOpen = rows.last == "…"
        let count = isOpen ? rows.count - 1 : rows.count
        guard isOpen ? keys.count > count : keys.count == count else { return false }
        return zip(rows.prefix(count), keys).allSatisfy { $0 == $1 || $0 == "*" }
    }
}
