import Runbooks
import Testing

struct AlertMatchingTests {
    private static let inventory = Inventory(targets: [
        target("mbx01", ["role": ["mailbox"]], aliases: ["mbx01.example"]),
        target("mbx02", ["role": ["mailbox"]], address: "10.0.0.2"),
        target("hub01", ["role": ["hub"]], address: "fd00::1"),
        target("twin1", [:], address: "10.0.0.9"), target("twin2", [:], address: "10.0.0.9"),
    ])

    @Test(
        arguments: [
            ("mbx01", "mbx01"), ("mbx01:9100", "mbx01"), ("mbx01.example:443", "mbx01"),
            ("10.0.0.2:9100", "mbx02"), ("[fd00::1]:9100", "hub01"), ("fd00::1", "hub01"),
            ("10.0.0.9", nil), ("mbx01:", nil), ("mbx01:91x", nil), ("mbx0", nil), ("", nil),
            ("MBX01", nil), ("mbx01 ", nil), (":9100", nil),
        ] as [(String, String?)])
    func anInstanceIsANameAnAliasOrAnAddressOfOne(instance: String, expected: String?) {
        let found = AlertTargets(Self.inventory).target(for: instance)
        #expect(found?.name.rawValue == expected)
    }

    @Test func theAlertsNameTheLabelsAndTheSelectorDecide() throws {
        let disk = try Self.runbook(
            "disk.full", alerts: ["DiskFull"], fill: ["mount": "alert.labels.mountpoint"])
        let hub = try Self.runbook(
            "hub.disk", alerts: ["DiskFull"], select: "role = hub", when: nil)
        let matching = AlertMatching(runbooks: [disk, hub], inventory: Self.inventory)
        let (fits, misses) = matching.match([
            Self.alert("DiskFull", "mbx01:9100", ["mountpoint": "/var"])
        ])
        #expect(fits.map(\.runbook.rawValue) == ["disk.full"])
        #expect(fits.map { $0.targets.map(\.rawValue) } == [["mbx01"]])
        #expect(fits.map(\.parameters) == [["mount": "/var"]])
        #expect(misses == [])
    }

    @Test func aSymptomIsForTheTargetsOfItsWhen() throws {
        let runbook = try Self.runbook("mail.slow", alerts: ["Slow"], when: "role = hub")
        let matching = AlertMatching(runbooks: [runbook], inventory: Self.inventory)
        let (fits, misses) = matching.match([
            Self.alert("Slow", "mbx01"), Self.alert("Slow", "[fd00::1]:25"),
        ])
        #expect(fits.map { $0.targets.map(\.rawValue) } == [["hub01"]])
        #expect(misses.map(\.alert) == [0])
        #expect(
            misses.map(\.reason) == [
                "mail.slow is not for it: mbx01 has role = mailbox, and the runbook needs role = hub."
            ])
    }

    @Test func alertsWithEqualValuesGoTogetherWhereTheRunbookTakesMany() throws {
        let one = try Self.runbook("one.each", alerts: ["Down"], pick: .one)
        let many = try Self.runbook("many.once", alerts: ["Down"], pick: .many)
        let matching = AlertMatching(runbooks: [one, many], inventory: Self.inventory)
        let (fits, _) = matching.match([
            Self.alert("Down", "mbx02:1"), Self.alert("Down", "mbx01:1"),
            Self.alert("Down", "mbx01.example"), Self.alert("Down", "hub99"),
        ])
        let shown = fits.map { ($0.runbook.rawValue, $0.targets.map(\.rawValue), $0.alerts) }
        #expect(shown.map(\.0) == ["one.each", "many.once", "one.each"])
        #expect(shown.map(\.1) == [["mbx02"], ["mbx01", "mbx02"], ["mbx01"]])
        #expect(shown.map(\.2) == [[0], [0, 1, 2], [1, 2]])
    }

    @Test func oneRunThatAnswersTwoAlertsStandsThereOnce() throws {
        let mail = try Self.runbook("mail.slow", alerts: ["Slow", "Queue"])
        let (fits, misses) = AlertMatching(runbooks: [mail], inventory: Self.inventory).match([
            Self.alert("Slow", "mbx01"), Self.alert("Queue", "mbx01:25"),
            Self.alert("Queue", "mbx02"),
        ])
        #expect(fits.map { $0.targets.map(\.rawValue) } == [["mbx01"], ["mbx02"]])
        #expect(fits.map(\.alert) == ["Slow", "Queue"])
        #expect(fits.map(\.otherAlerts) == [["Queue"], []])
        #expect(fits.map(\.alerts) == [[0, 1], [2]])
        #expect(misses == [])
    }

    @Test(arguments: [
        (
            alert("DiskFul", "mbx01"),
            "No runbook of the library answers 'DiskFul'. One answers 'DiskFull'."
        ),
        (alert("Other", "mbx01"), "No runbook of the library answers 'Other'."),
        (alert("DiskFull", nil), "It has no labels.instance, which names the target."),
        (
            alert("DiskFull", "mbx03:1"),
            "'mbx03:1' is no target's name, alias or address in the inventory. Did you mean mbx01?"
        ),
        (
            alert("DiskFull", "\u{1B}[2J"),
            "'\\x1b[2J' is no target's name, alias or address in the inventory."
        ),
        (alert("DiskFull", "mbx01", [:], .resolved), "It is resolved."),
    ])
    func saysWhyAnAlertLeadsToNoRun(_ alert: Alert, _ reason: String) throws {
        let runbook = try Self.runbook("disk.full", alerts: ["DiskFull"])
        let (fits, misses) = AlertMatching(runbooks: [runbook], inventory: Self.inventory)
            .match([alert])
        #expect(fits == [])
        #expect(misses.map(\.reason) == [reason])
    }

    private static func alert(
        _ name: String, _ instance: String?, _ labels: [String: String] = [:],
        _ status: Alert.Status = .firing
    ) -> Alert {
        var labels = labels
        labels["alertname"] = name
        labels["instance"] = instance
        return Alert(name: name, status: status, labels: labels)
    }

    private static func runbook(
        _ id: String, alerts: [String], select: String? = nil, when: String? = nil,
        fill: [String: String] = [:], pick: TargetRule.Pick = .one
    ) throws -> Runbook {
        let position = SourcePosition(file: "r.yaml", line: 1, column: 1)
        func expression(_ text: String?) throws -> Expression? {
            try text.map { try Expression.parse($0).get() }
        }
        return Runbook(
            id: try #require(RunbookID(rawValue: id)), title: "t", kind: .resolution, owner: "o",
            symptoms: [
                Symptom(
                    alerts: alerts, when: try expression(when), fill: fill, position: position)
            ],
            targets: TargetRule(select: try expression(select), pick: pick, max: 9),
            parameters: [], steps: [], folder: "runbooks/\(id)")
    }
}

private func target(
    _ name: String, _ labels: [String: [String]], address: String = "127.0.0.1",
    aliases: [String] = []
) -> Target {
    guard let name = TargetName(rawValue: name) else { preconditionFailure(name) }
    return Target(
        name: name, address: address, environment: "lab", labels: labels, aliases: aliases)
}
