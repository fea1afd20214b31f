import Runbooks
import Runner
import Testing

struct PlanFileTests {
    private func plan() throws -> Plan {
        var fixture = try PlanFixture(steps: [
            PlanFixture.step("look", .read, .run(PlanFixture.script()))
        ])
        fixture.parameters = try [
            ("limit", Parameter.Kind.duration), ("zones", .list), ("most", .size),
            ("word", .string), ("password", .secret),
        ].map { Parameter(name: try .named($0), kind: $1) }
        let secret = SecretReference(source: "file", name: "pw")
        fixture.values = [
            try .named("limit"): .duration(milliseconds: 1500),
            try .named("zones"): .list(["eu", "us"]), try .named("most"): .size(bytes: 2048),
            try .named("word"): .string("hi"), try .named("password"): .secret(secret),
        ]
        return try fixture.plan()
    }

    /// The plan as a file, with some text in it replaced.
    private func file(_ plan: Plan, replacing old: String = "", by new: String = "") throws
        -> [UInt8]
    {
        let text = String(decoding: try CanonicalJSON.bytes(of: plan), as: UTF8.self)
        guard !old.isEmpty else { return Array(text.utf8) }
        try #require(text.contains(old))
        return Array(
            text.split(separator: old, omittingEmptySubsequences: false)
                .joined(separator: new).utf8)
    }

    @Test func aPlanThatCameOutEqualHasNoDifferences() throws {
        let plan = try plan()
        let file = try PlanFile(reading: file(plan))
        #expect(file.differences(from: plan) == [])
        #expect(file.digest == (try Digest.sha256(ofCanonical: plan)))
        #expect(file.planID == plan.planID)
        #expect(file.created == plan.created)
        #expect(file.expires == plan.expires)
        try file.requireEqual(to: plan)
    }

    /// A plan with a forecast beside it, as `plan -o` writes them.
    private struct Document: Encodable {
        let plan: Plan
        let forecast: Forecast
        let forecast_digest: Digest
        var not_probed: String?
    }

    private func forecast(of plan: Plan, _ label: ForecastLabel = .read) -> Forecast {
        Forecast(
            targets: plan.targets.map { target in
                Forecast.OfTarget(
                    target: target.name, symptom: .notAsked,
                    entries: plan.steps.map {
                        Forecast.Entry(step: $0.id, label: label, note: "said", diff: "-x")
                    })
            })
    }

    @Test func theForecastBesideThePlanIsReadToBeCompared() throws {
        let plan = try plan()
        let shown = forecast(of: plan)
        var document = Document(plan: plan, forecast: shown, forecast_digest: shown.digest)
        let read = try PlanFile(reading: CanonicalJSON.bytes(of: document)).forecast(of: plan)
        let earlier = try #require(read)
        #expect(Forecast.compare(earlier, shown).isEqual)
        #expect(!Forecast.compare(earlier, forecast(of: plan, .failed)).isEqual)
        document.not_probed = "--no-probe"
        #expect(
            try PlanFile(reading: CanonicalJSON.bytes(of: document)).forecast(of: plan) == nil)
        #expect(try PlanFile(reading: file(plan)).forecast(of: plan) == nil)
    }

    @Test(arguments: [
        ("\"label\":\"read\"", "\"label\":\"satisfied\"", true),
        ("\"label\":\"read\"", "\"label\":\"perhaps\"", false),
        ("\"step\":\"look\"", "\"step\":\"another\"", false),
        ("\"target\":\"web1\"", "\"target\":\"web9\"", false),
        ("\"entries\":[", "\"entries\":[{},", false),
        ("\"symptom\":\"not asked\"", "\"symptom\":7", false),
    ])
    func anAlteredForecastIsRefused(old: String, new: String, isOne: Bool) throws {
        let plan = try plan()
        let shown = forecast(of: plan)
        let document = Document(plan: plan, forecast: shown, forecast_digest: shown.digest)
        let text = String(decoding: try CanonicalJSON.bytes(of: document), as: UTF8.self)
        try #require(text.contains(old))
        let altered = text.split(separator: old, omittingEmptySubsequences: false)
            .joined(separator: new)
        #expect(throws: PlanError.self) { try PlanFile(reading: Array(altered.utf8)) }
        // Without the digest it stands or falls by its form.
        let bare = altered.split(separator: ",\"forecast_digest\":\"\(shown.digest)\"")
            .joined()
        let read = try PlanFile(reading: Array(bare.utf8))
        #expect(((try? read.forecast(of: plan)) != nil) == isOne)
    }

    @Test func whatWasAskedForIsReadToBeCheckedAgain() throws {
        let plan = try plan()
        let request = try PlanFile(reading: file(plan)).request
        #expect(request.runbook.rawValue == "web.restart")
        #expect(request.targets.map(\.rawValue) == ["web1"])
        #expect(request.secrets == ["password": SecretReference(source: "file", name: "pw")])
        let declared = plan.parameters.filter { !$0.isSecret }.map {
            Parameter(name: $0.name, kind: $0.kind)
        }
        let checked = ParameterSet.check(
            declared, given: request.parameters(for: declared), targets: [])
        #expect(checked.diagnostics == [])
        #expect(
            checked.value?.values == [
                try .named("limit"): .duration(milliseconds: 1500),
                try .named("zones"): .list(["eu", "us"]), try .named("most"): .size(bytes: 2048),
                try .named("word"): .string("hi"),
            ])
    }

    @Test(arguments: [
        (
            #""address":"192.0.2.1""#, #""address":"192.0.2.9""#,
            "targets[0].address: '192.0.2.9' → '192.0.2.1'"
        ),
        (
            #""inline":"exit 0""#, #""inline":"rm -rf /""#,
            "steps[0].action.run.program.inline: 'rm -rf /' → 'exit 0'"
        ),
        (#""port":22"#, #""port":23"#, "targets[0].port: 23 → 22"),
        (#""effect":"read""#, #""effect":"read","evil":[1]"#, "steps[0].evil: [1] → nothing"),
        (#""rollback":[]"#, #""rollback":[],"x":null"#, "x: null → nothing"),
    ])
    func anythingAlteredIsDrift(old: String, new: String, line: String) throws {
        let plan = try plan()
        let altered = try PlanFile(reading: file(plan, replacing: old, by: new))
        #expect(altered.differences(from: plan) == [line])
        let error = #expect(throws: PlanError.self) { try altered.requireEqual(to: plan) }
        #expect(error?.code == .drift)
    }

    @Test func atMostTwentyDifferencesAreListed() throws {
        let plan = try plan()
        let many = (1...50).map { #""x\#($0)":1"# }.joined(separator: ",")
        let file = try PlanFile(
            reading: file(plan, replacing: #""format":1"#, by: many + #","format":1"#))
        let lines = file.differences(from: plan)
        #expect(lines.count == 20)
        #expect(lines.last == "… and 31 more")
    }

    @Test(arguments: [
        "", "[]", "{}", "null", #"{"format":1}"#, #"{"plan":[]}"#, #"{"format":2}"#,
        #"{"format":1,"plan_id":"x","created":0,"expires":1}"#,
        #"{"format":1,"plan_id":7,"created":0,"expires":1}"#,
    ])
    func refusesWhatIsNoPlan(text: String) {
        let error = #expect(throws: PlanError.self) { try PlanFile(reading: Array(text.utf8)) }
        #expect(error?.code == .badFile)
    }

    @Test(arguments: [
        ("\"created\":1800000000000", "\"created\":-1"),
        ("\"created\":1800000000000", "\"created\":9223372036854775807"),
        ("\"created\":1800000000000", "\"created\":1.5"),
        ("\"created\":1800000000000", "\"created\":1700000000000"),
        ("\"expires\":1803024000000", "\"expires\":1900000000000"),
        ("\"expires\":1803024000000", "\"expires\":1800000000000"),
        ("\"name\":\"web1\"", "\"name\":\"--help\""), ("\"name\":\"web1\"", "\"name\":\"../x\""),
        ("\"id\":\"web.restart\"", "\"id\":\"../x\""),
        ("\"name\":\"word\"", "\"name\":\"PATH\""),
    ])
    func refusesTimesAndNamesThatDontFit(old: String, new: String) throws {
        let bytes = try file(plan(), replacing: old, by: new)
        let error = #expect(throws: PlanError.self) { try PlanFile(reading: bytes) }
        #expect(error?.code == .badFile)
    }

    @Test func refusesAPlanBesideADigestThatIsNotItsOwn() throws {
        let text = String(decoding: try file(plan()), as: UTF8.self)
        let digest = Digest.sha256(of: Array(text.utf8))
        _ = try PlanFile(reading: Array(#"{"plan":\#(text),"digest":"\#(digest)"}"#.utf8))
        let other = Digest.sha256(of: [])
        let error = #expect(throws: PlanError.self) {
            try PlanFile(reading: Array(#"{"plan":\#(text),"digest":"\#(other)"}"#.utf8))
        }
        #expect(error?.code == .badFile)
    }

    @Test func anExpiredPlanIsRefused() throws {
        let plan = try plan()
        let file = try PlanFile(reading: file(plan))
        try file.requireUnexpired(at: Timestamp(milliseconds: plan.expires.milliseconds - 1))
        let error = #expect(throws: PlanError.self) {
            try file.requireUnexpired(at: plan.expires)
        }
        #expect(error?.code == .expired)
    }

    @Test func aFileThatIsTooLargeIsRefused() {
        let bytes = [UInt8](repeating: 0x20, count: PlanFile.largest + 1)
        let error = #expect(throws: PlanError.self) { try PlanFile(reading: bytes) }
        #expect(error?.code == .badFile)
    }
}
