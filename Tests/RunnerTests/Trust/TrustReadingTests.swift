import Runbooks
import Runner
import TestSupport
import Testing

struct TrustReadingTests {
    /// A folder of files.
    private func read(_ files: [String: String]) -> Checked<TrustBook> {
        TrustBook.read(
            LibraryTree(
                source: "trust",
                entries: files.mapValues { LibraryTree.Entry(kind: .file, bytes: Array($0.utf8)) }))
    }

    private let anna = """
        handrail: 1
        name: Anna Berger
        accounts: [anna]
        roles:
          - operator
          - role: implementer
            environments: [production]
            runbooks: [mailbox, disk.full]
            targets: ["mbx*"]
        keys:
          - key: \(TrustSamples.anna.line) anna@office
            from: 2026-01-01
            until: 2027-01-01T12:00:00Z
        """

    private let environments = """
        handrail: 1
        environments:
          production:
            targets: ["mbx*", "hub*"]
            act_signatures: required
            quorum: 2
          lab:
            content: off
            change: advisory
            production: false
        """

    @Test func readsAWholeFolder() throws {
        let checked = read([
            "people/anna.yaml": anna, "environments.yaml": environments,
            "controllers": "# ours\nhub-1a2b 1-4711 \(TrustSamples.berta.line)\n"
                + "hub-1a2b 4712- \(TrustSamples.carl.line)\n",
            "hosts": "mbx01,10.0.0.1 \(TrustSamples.ecdsa256.line)\n"
                + "@revoked * \(TrustSamples.rsa1024.line) old\n\n",
        ])
        #expect(checked.diagnostics == [])
        let book = try #require(checked.value)
        let start = try #require(Timestamp(trustText: "2026-01-01"))
        let end = try #require(Timestamp(trailText: "2027-01-01T12:00:00.000Z"))
        let expected = Person(
            id: try #require(PersonID(rawValue: "anna")), name: "Anna Berger", accounts: ["anna"],
            roles: [
                RoleGrant(.operator),
                try TrustSamples.grant(
                    .implementer, in: ["production"], runbooks: ["mailbox", "disk.full"],
                    targets: ["mbx*"]),
            ], keys: [try TrustSamples.personKey(TrustSamples.anna, from: start, until: end)])
        #expect(book.people == [expected])
        #expect(
            book.floors == [
                EnvironmentFloor(
                    name: "production",
                    targets: try ["mbx*", "hub*"].map { try #require(NameGlob(rawValue: $0)) },
                    needsSignedActs: true, quorum: 2),
                EnvironmentFloor(
                    name: "lab", content: .off, change: .advisory, isProduction: false),
            ])
        #expect(
            book.controllers == [
                ControllerKey(
                    controller: "hub-1a2b", from: 1, until: 4711,
                    key: try TrustSamples.key(TrustSamples.berta)),
                ControllerKey(
                    controller: "hub-1a2b", from: 4712,
                    key: try TrustSamples.key(TrustSamples.carl)),
            ])
        #expect(book.pins.map(\.names) == ["mbx01,10.0.0.1", "*"])
        #expect(book.pins.map(\.marker) == [nil, "@revoked"])
        #expect(book.pins.first?.fingerprint.rawValue == TrustSamples.ecdsa256.fingerprint)
    }

    /// What is wrong, as `code file:line`.
    private func findings(_ files: [String: String]) -> [String] {
        read(files).diagnostics.map { finding in
            "\(finding.code) \(finding.position?.file ?? "-"):\(finding.position?.line ?? 0)"
        }
    }

    @Test func everyMistakeIsNamedAtOnceAndTheFolderHasNoValue() {
        let files = [
            "people/anna.yaml": """
            handrail: 1
            name: Anna
            accounts: [anna, anna]
            roles: [operatr, { role: lead, environments: [prod], targets: [a b] }]
            keys:
              - key: \(TrustSamples.anna.line)
                from: 2027-01-01
                until: 2026-01-01
              - key: ssh-rsa AAAA
              - key: \(TrustSamples.anna.line)
            retired: yesterday
            colour: red
            """,
            "people/berta.yaml": "handrail: 1\nroles: [lead]\nkeys: [{ key: "
                + "\(TrustSamples.anna.line) }]\n",
            "people/Carl.yaml": "handrail: 1\nname: Carl\n",
            "people/note.txt": "x",
            "environments.yaml": """
            handrail: 1
            environments:
              production: { targets: [mbx*], content: never }
              lab: { targets: [mbx*] }
            """,
            "controllers": "hub 1-5 \(TrustSamples.berta.line)\nhub 7- \(TrustSamples.carl.line)\n"
                + "hub 0- x\nhub 9- \(TrustSamples.ecdsa256.line)\n",
            "hosts": "mbx01 ssh-ed25519\n@other x \(TrustSamples.anna.line)\n",
        ]
        #expect(read(files).value == nil)
        #expect(
            findings(files) == [
                "bad-range controllers:2", "bad-line controllers:3", "bad-key controllers:4",
                "bad-value environments.yaml:3", "duplicate-id environments.yaml:4",
                "bad-line hosts:1", "bad-line hosts:2", "bad-name people/Carl.yaml:1",
                "duplicate-id people/anna.yaml:3", "bad-value people/anna.yaml:4",
                "unknown-environment people/anna.yaml:4", "bad-name people/anna.yaml:4",
                "bad-range people/anna.yaml:8", "bad-key people/anna.yaml:9",
                "duplicate-key people/anna.yaml:10", "bad-value people/anna.yaml:11",
                "unknown-key people/anna.yaml:12", "missing-key people/berta.yaml:1",
                "duplicate-key people/berta.yaml:3", "unexpected-file people/note.txt:1",
            ])
    }

    @Test func theOrderOfEnvironmentsIsCheckedAsTheLibrarysIs() {
        func read(_ environments: String) -> Checked<TrustBook> {
            self.read([
                "people/anna.yaml": anna,
                "environments.yaml": "handrail: 1\nenvironments:\n  production: {}\n"
                    + environments,
            ])
        }
        let book = read("  pre: {}\n  managed: { after: { environment: pre, targets: 2 } }\n")
        #expect(
            book.value?.floor(of: "managed")?.after
                == EnvironmentBefore(environment: "pre", oneOfEach: nil, targets: 2))
        let wrong = read(
            "  pre: { after: managed }\n  managed: { after: pre }\n  x: { after: pro }")
        #expect(
            wrong.diagnostics.map { "\($0.code) \($0.position?.line ?? 0)" } == [
                "environment-cycle 4", "unknown-environment 6",
            ])
        #expect(wrong.value == nil)
    }

    @Test func calendarsAreThoseThatEnvironmentsName() {
        func read(_ environments: String, _ files: [String]) -> Checked<TrustBook> {
            var all = ["people/anna.yaml": anna]
            all["environments.yaml"] = "handrail: 1\n" + environments
            for file in files { all[file] = "BEGIN:VCALENDAR" }
            return self.read(all)
        }
        let named =
            "environments:\n  production: { windows: calendars/a.ics, "
            + "freezes: [calendars/b.ics] }\n"
        let book = read(
            "timezone: Europe/Berlin\n" + named, ["calendars/a.ics", "calendars/b.ics"]
        ).value
        #expect(book?.floor(of: "production")?.windows == ["calendars/a.ics"])
        #expect(book?.floor(of: "production")?.freezes == ["calendars/b.ics"])
        #expect(book?.calendars?.timezone == "Europe/Berlin")
        #expect(book?.calendars?.files.keys.sorted() == ["calendars/a.ics", "calendars/b.ics"])
        func codes(_ environments: String, _ files: [String]) -> [String] {
            read(environments, files).diagnostics.map(\.code)
        }
        #expect(codes(named, ["calendars/a.ics", "calendars/b.ics"]) == ["missing-key"])
        #expect(
            codes("timezone: UTC\n" + named, ["calendars/a.ics", "calendars/c.ics"]) == [
                "unexpected-file", "missing-file",
            ])
        let odd = named.replacing("calendars/a.ics", with: "../a.ics")
        #expect(codes("timezone: UTC\n" + odd, ["calendars/b.ics"]) == ["bad-path"])
    }

    @Test func nobodyIsAMistakeAndNobodyWithARoleAWarning() {
        #expect(findings([:]) == ["nobody people/:1"])
        let idle = read(["people/anna.yaml": "handrail: 1\nname: Anna\n"])
        #expect(idle.diagnostics.map(\.code) == ["nobody"])
        #expect(idle.value != nil)
    }

    @Test func linksAndSubmodulesAreRefused() {
        for kind in [LibraryTree.Kind.symlink, .submodule] {
            let tree = LibraryTree(
                source: "trust",
                entries: [
                    "people/anna.yaml": LibraryTree.Entry(kind: .file, bytes: Array(anna.utf8)),
                    "hosts": LibraryTree.Entry(kind: kind, bytes: Array("/etc/x".utf8)),
                ])
            let checked = TrustBook.read(tree)
            #expect(checked.value == nil)
            #expect(checked.diagnostics.contains { $0.code == "unsafe-file" })
        }
    }

    @Test func theDigestIsThatOfEveryFile() throws {
        let one = try #require(read(["people/anna.yaml": anna]).value)
        let again = try #require(read(["people/anna.yaml": anna]).value)
        let other = try #require(read(["people/anna.yaml": anna + "\n"]).value)
        let more = try #require(read(["people/anna.yaml": anna, "hosts": ""]).value)
        #expect(one.digest == again.digest)
        #expect(Set([one.digest, other.digest, more.digest]).count == 3)
    }

    /// Cut anywhere, or with a byte changed, a folder is refused or read, and nothing stops us.
    @Test func noBytesBringItDown() {
        var numbers = SeededNumbers(seed: 7)
        let bytes = Array((anna + "\n").utf8)
        for _ in 0..<400 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let place = Int.random(in: 0..<changed.count, using: &numbers)
                changed[place] = UInt8.random(in: 0...255, using: &numbers)
            }
            if Bool.random(using: &numbers) {
                changed.removeLast(Int.random(in: 0..<changed.count, using: &numbers))
            }
            let entry = LibraryTree.Entry(kind: .file, bytes: changed)
            let checked = TrustBook.read(
                LibraryTree(
                    source: "t",
                    entries: ["people/anna.yaml": entry, "hosts": entry, "controllers": entry]))
            #expect((checked.value == nil) == checked.hasErrors)
        }
    }
}
