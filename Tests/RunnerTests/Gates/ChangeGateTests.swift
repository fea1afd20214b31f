import Runbooks
import Runner
import TestSupport
import Testing

/// Gates 4 to 7, where a run is for a change.
struct ChangeGateTests {
    private static func at(_ hour: Int64) -> Timestamp {
        Timestamp(milliseconds: hour * 3_600_000)
    }

    private static func span(_ start: Int64, _ end: Int64) -> Interval {
        guard let interval = Interval(at(start), at(end)) else {
            preconditionFailure("a span of the tests is empty")
        }
        return interval
    }

    private static func name(_ text: String) -> TargetName {
        guard let name = TargetName(rawValue: text) else {
            preconditionFailure("a name of the tests is none")
        }
        return name
    }

    private static func standing(
        state: String = "scheduled", isApproved: Bool = true, hold: String? = nil,
        isEmergency: Bool = false, targets: [String] = ["t0", "t1", "t2"],
        approvers: [String] = ["bea", "cy"], problems: [String] = [], quorum: Int = 2,
        authors: [String] = [], written: KnownAuthors? = nil, entry: KnownAuthors? = nil,
        obstacles: [String] = [], expected: Int64? = nil
    ) -> ChangeStanding {
        ChangeStanding(
            id: "CHG-42", type: "driver", windows: ["weekend"], state: state,
            isApproved: isApproved, hold: hold, isEmergency: isEmergency, dates: [span(10, 40)],
            targets: targets.map(name), requester: "rob", approvers: approvers,
            problems: problems, quorum: quorum, authors: authors, written: written, entry: entry,
            expectedMilliseconds: expected.map { $0 * 3_600_000 }, obstacles: obstacles)
    }

    private func report(
        _ standing: ChangeFacts.Standing, targets: Int = 3, kind: RunbookKind = .change,
        change: PolicyLevel = .required, freezes: [NamedCalendar] = [], isUndoing: Bool = false,
        unreadable: String? = nil, needed: Int64? = 0
    ) throws -> GateReport {
        var fixture = try PlanFixture(
            targets: (0..<targets).map { "t\($0)" },
            steps: [PlanFixture.step("s", .once, .run(PlanFixture.script()))])
        fixture.kind = kind
        fixture.rule = TargetRule(select: nil, pick: .many, max: 1)
        fixture.environments = [
            EnvironmentRule(name: "lab", content: .off, change: change, isProduction: false)
        ]
        let weekend = NamedCalendar(
            name: "weekend", kind: .windows,
            spans: [CalendarSpan(Self.span(20, 30), title: "")])
        let calendar = ChangeCalendar([weekend] + freezes, horizon: Self.span(0, 1000))
        return GateReport.evaluate(
            try fixture.plan(), runbook: try fixture.runbook(), actor: "ada",
            isUndoing: isUndoing,
            facts: ChangeFacts(
                standing: standing,
                calendar: unreadable.map { .unreadable([$0]) } ?? .known(calendar),
                now: Self.at(25), neededMilliseconds: needed
            ) { "\($0.milliseconds / 3_600_000) h" })
    }

    @Test func anApprovedChangeInItsWindowOpensAllOfThem() throws {
        let report = try report(.known(Self.standing()))
        #expect(report.refusals.map(\.text) == [])
        #expect(
            report.lines.filter { [.scope, .change, .window, .fourEyes].contains($0.gate) }
                .map(\.text) == [
                    "4 scope: open (within the runbook's targets)",
                    "5 change: open (CHG-42, approved by bea, cy)",
                    "6 window: open (open (window weekend) until 30 h)",
                    "7 four eyes: open (approved by bea, cy; who wrote it isn't known)",
                ])
        #expect(report.next == Self.at(30))
    }

    @Test func whatTheChangeSaysCountsWhereNothingIsKnownOfATarget() throws {
        func isOpen(_ expected: Int64?, needed: Int64?) throws -> Bool {
            try report(.known(Self.standing(expected: expected)), needed: needed).isOpen
        }
        // The window closes in five hours.
        #expect(try isOpen(5, needed: nil))
        #expect(try !isOpen(6, needed: nil))
        #expect(try !isOpen(nil, needed: nil))
        #expect(try isOpen(6, needed: 5 * 3_600_000), "what is known of a target comes first")
        #expect(try !isOpen(1, needed: 6 * 3_600_000))
    }

    @Test func withoutAChangeEachOfThemSaysSo() throws {
        let report = try report(.none)
        #expect(report.refusals.map(\.gate) == [.scope, .change, .window, .fourEyes])
    }

    @Test func aDeskThatCantBeAskedClosesThem() throws {
        let report = try report(.unknown("the journal is locked"), targets: 1)
        #expect(report.refusals.map(\.gate) == [.change, .window, .fourEyes])
        #expect(
            report.refusals.first?.text
                == "5 change: refused: the change can't be asked about: the journal is locked")
    }

    @Test func whatTrustDoesntPermitIsRefusedWhoeverApprovedIt() throws {
        let floor = EnvironmentFloor(name: "lab", changeTypes: ["patch", "disk"])
        #expect(floor.objection(toType: "disk") == nil)
        #expect(EnvironmentFloor(name: "lab").objection(toType: "driver") == nil)
        let objection = try #require(floor.objection(toType: "driver"))
        let report = try report(.known(Self.standing(obstacles: [objection])))
        #expect(
            report.refusals.map(\.text) == [
                "5 change: refused: trust permits no change of the type 'driver' in lab, only: "
                    + "disk, patch"
            ])
    }

    @Test func allThatIsMissingIsNamedAtOnce() throws {
        let report = try report(
            .known(
                Self.standing(
                    state: "submitted", isApproved: false, hold: "cy, 12 h: wait for the vendor",
                    approvers: ["bea"], problems: ["dan's approval names another plan"])))
        #expect(
            report.refusals.map(\.text) == [
                "5 change: refused: CHG-42 is submitted; CHG-42 is on hold: cy, 12 h: wait for the "
                    + "vendor; 1 of 2 approvals count for this plan; dan's approval names another "
                    + "plan",
                "7 four eyes: refused: 1 of 2 approvals are of people who neither asked for it, nor "
                    + "start it, nor wrote a part of it",
            ])
    }

    @Test(arguments: [
        (["rob", "bea"], [], "rob approved it and asked for it"),
        (["ada", "bea"], [], "ada approved it and starts it"),
        (["bea", "cy"], ["cy"], "cy approved it and wrote a part of it"),
        (["ada", "bea"], ["ada"], "ada approved it and starts it, wrote a part of it"),
    ])
    func nobodyApprovesWhatIsTheirOwn(
        approvers: [String], authors: [String], reason: String
    ) throws {
        let report = try report(
            .known(Self.standing(approvers: approvers, authors: authors)))
        #expect(
            report.refusals.map(\.text) == [
                "7 four eyes: refused: \(reason); 1 of 2 approvals are of people who neither asked for it, nor "
                    + "start it, nor wrote a part of it"
            ])
    }

    /// Enough others approved it: one approval that doesn't count is in nobody's way.
    @Test func anApprovalTooManyOfWhoStartsItClosesNothing() throws {
        let report = try report(
            .known(Self.standing(approvers: ["ada", "bea", "cy"], authors: [])))
        #expect(report.isOpen)
        #expect(
            report.lines.contains { $0.text.contains("7 four eyes: open (approved by bea, cy") })
    }

    @Test func targetsThatTheChangeDoesntCoverAreRefusedByName() throws {
        let report = try report(.known(Self.standing(targets: ["t0"])))
        #expect(
            report.refusals.map(\.text) == [
                "4 scope: refused: t1, t2: not among the targets of CHG-42"
            ])
    }

    @Test func anAutomaticChangeIsApprovedByItsTypesEntry() throws {
        let report = try report(.known(Self.standing(approvers: [], quorum: 0)))
        #expect(report.isOpen)
        #expect(
            report.lines.contains {
                $0.text == "5 change: open (CHG-42, automatic: the entry 'driver' in handrail.yaml "
                    + "is its approval)"
            })
    }

    @Test func anEmergencyNeedsNoWindow() throws {
        let freeze = NamedCalendar(
            name: "quarter", kind: .freeze, spans: [CalendarSpan(Self.span(22, 35), title: "")])
        let lenient = NamedCalendar(
            name: "quarter", kind: .freeze, except: ["emergency"],
            spans: [CalendarSpan(Self.span(22, 35), title: "")])
        #expect(
            try report(.known(Self.standing(isEmergency: true)), freezes: [freeze]).refusals
                .map(\.gate) == [.window])
        #expect(
            try report(.known(Self.standing(isEmergency: true)), freezes: [lenient]).isOpen)
    }

    @Test func onlyRequiredStopsAndOffSaysNothing() throws {
        let advisory = try report(.none, targets: 1, change: .advisory)
        #expect(advisory.isOpen)
        #expect(advisory.lines.count { $0.text.contains("no change") } == 3)
        let off = try report(.none, targets: 1, change: .off)
        #expect(off.isOpen)
        #expect(off.lines.count { $0.verdict == .notApplicable(.policyOff) } == 5)
    }

    @Test func undoingIsStoppedByNoneOfThem() throws {
        #expect(try report(.none, isUndoing: true).isOpen)
        #expect(try report(.none, isUndoing: true, unreadable: "no").isOpen)
    }

    @Test func aFreezeThatBindsResolutionsStopsThemAndNoOtherGateDoes() throws {
        let binding = NamedCalendar(
            name: "quarter", kind: .freeze, bindsResolutions: true,
            spans: [CalendarSpan(Self.span(22, 35), title: "")])
        let frozen = try report(.none, targets: 1, kind: .resolution, freezes: [binding])
        #expect(
            frozen.refusals.map(\.text) == [
                "6 window: waiting: in the freeze quarter until 35 h; opens 35 h"
            ])
        #expect(frozen.next == Self.at(35))
        #expect(try report(.none, targets: 1, kind: .resolution).isOpen)
        #expect(
            try report(.none, targets: 1, kind: .resolution, unreadable: "w.ics:3: no").refusals
                .map(\.gate) == [.window])
    }

    private static func written(_ mails: String..., missing: String? = nil) -> KnownAuthors {
        let people = ["rob", "ada", "bea", "lea"].compactMap { name in
            PersonID(rawValue: name).map { Person(id: $0, name: name, git: [name + "@x"]) }
        }
        return KnownAuthors(
            Authorship(
                Set(mails), commit: String(repeating: "a", count: 40), missing: missing),
            by: TrustBook(people: people, digest: .sha256(of: [1])))
    }

    private func fourEyes(_ standing: ChangeStanding) throws -> String? {
        try report(.known(standing)).lines.first { $0.gate == .fourEyes }?.text
    }

    @Test func itSaysWhoWroteWhatIsApproved() throws {
        #expect(
            try fourEyes(Self.standing(written: Self.written("lea@x", "x@y")))
                == "7 four eyes: open (approved by bea, cy; written by lea, and by 'x@y', whom trust "
                + "doesn't know)")
        #expect(
            try fourEyes(Self.standing(written: Self.written("lea@x", missing: "it is shallow")))
                == "7 four eyes: refused: who wrote it can't be said: it is shallow")
    }

    @Test func whereNobodyAskedWhoWroteItAndTrustDemandsToKnowItIsClosed() throws {
        let words =
            "nobody asked who wrote it when that was recorded, and trust demands to know every "
            + "author: cancel the change, and open and submit another one"
        #expect(
            try fourEyes(Self.standing(written: .notAsked)) == "7 four eyes: refused: \(words)")
        let automatic = Self.standing(
            approvers: [], quorum: 0, written: Self.written("lea@x"), entry: .notAsked)
        #expect(
            try fourEyes(automatic)
                == "7 four eyes: refused: of the entry 'driver' in handrail.yaml: \(words)")
        let few = Self.standing(approvers: ["bea"], written: .notAsked)
        #expect(try fourEyes(few)?.contains("; it is written by whom nobody knows; ") == true)
    }

    @Test(arguments: [
        ("rob@x", "asked for it"), ("ada@x", "starts it"), ("lea@x", "wrote a part of it"),
    ])
    func whoWroteTheEntryOfAnAutomaticTypeIsNobodyOfItsChange(
        mail: String, role: String
    ) throws {
        let standing = Self.standing(
            approvers: [], quorum: 0, authors: ["lea"], entry: Self.written(mail))
        #expect(
            try fourEyes(standing)
                == "7 four eyes: refused: \(mail.dropLast(2)) wrote the entry 'driver' in "
                + "handrail.yaml, which approves it, and \(role)")
        let other = Self.standing(
            approvers: [], quorum: 0, authors: ["lea"], entry: Self.written("bea@x", "x@y"))
        #expect(
            try fourEyes(other)
                == "7 four eyes: open (automatic: the entry 'driver' in handrail.yaml approves it, "
                + "written by bea, and by 'x@y', whom trust doesn't know)")
    }
}
