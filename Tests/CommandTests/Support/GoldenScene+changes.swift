import Runbooks
import Runner

@testable import handrail

extension GoldenScene {
    /// A change that was carried out on a part of its targets, and is held meanwhile.
    static func change() throws -> Change {
        let run: RunID = try name("r-20261123-0700-k3f9")
        return try change(
            [
                .accepted(
                    ChangeRules(
                        type: "limits", severity: .minor, windows: ["weekend"],
                        approvers: ["approver"], quorum: 1, reviewWithinMilliseconds: 604_800_000)),
                .moved(.submitted, reason: "complete"),
                .assessed(.init(note: "fits beside CHG-2", severity: .major)),
                .moved(.assessed, reason: "assessed by may"),
                .decided(try approval("bob")),
                .revoked(try approval("bob").statement.digest, why: "a new finding"),
                .decided(try approval("carl")),
                .moved(.approved, reason: "approved by carl"),
                .scheduled([try interval(600, 7200)]),
                .moved(.scheduled, reason: "scheduled by may"),
                .runOpened(
                    Change.Run(
                        run: run, planDigest: .sha256(of: [1]), starter: "ivo", leftOut: 1)),
                .moved(.implementing, reason: "the run \(run) was started"),
                .runEnded(run, .failed),
                .moved(.review, reason: "the run \(run) ended: failed"),
                .reviewOpened(owner: "ivo", due: start.adding(.seconds(604_800))),
                .held(why: "the vendor calls back"),
            ], by: "may")
    }

    /// Who wrote the version of its runbook, as commits say it.
    static let authorship = Authorship(
        ["lea@example.invalid", "zoe@example.invalid"], commit: String(repeating: "3", count: 40),
        since: String(repeating: "2", count: 40))

    /// The same, as trust knows one of them.
    static func written() throws -> KnownAuthors {
        let lea = Person(id: try name("lea"), name: "Lea", git: ["lea@example.invalid"])
        return KnownAuthors(
            authorship, by: TrustBook(people: [lea], digest: .sha256(of: [2])), mustBeKnown: true)
    }

    /// What its runs left out.
    static func changeLeftOut() throws -> [LeftOutTarget] {
        [LeftOutTarget(target: try name("web3"), reason: "it is being moved")]
    }

    /// A draft that lacks something, and a change that has ended.
    static func otherChanges() throws -> [Change] {
        let closing = Change.Closing(
            isComplete: false, note: "web3 is gone", followedBy: ChangeID(number: 9))
        return [
            try change([], by: "ann", isComplete: false),
            try change([.closing(closing), .moved(.closed, reason: "incomplete")], by: "ann"),
        ]
    }

    /// Two changes at one time on the same targets, and a freeze.
    static func schedule() throws -> (ForwardSchedule, [CalendarPlace], Interval) {
        let plan = try PastRun(targets: ["web1", "web2", "web3"]).record.plan
        let other = try change(
            [
                .accepted(
                    ChangeRules(
                        type: "limits", severity: .minor, approvers: ["approver"], quorum: 1)),
                .scheduled([try interval(3600, 9000)]), .moved(.scheduled, reason: "by may"),
            ], by: "may", number: 9)
        let horizon = try interval(0, 86_400)
        return (
            ForwardSchedule([(try change(), plan), (other, plan)], within: horizon),
            [
                CalendarPlace(
                    calendar: "quarter-end", title: "Accounts",
                    interval: try interval(50_000, 90_000))
            ], horizon
        )
    }

    private static func change(
        _ events: [ChangeEvent], by actor: String, isComplete: Bool = true, number: Int = 7
    ) throws -> Change {
        let scene = try PastRun(targets: ["web1", "web2", "web3"])
        let digest = Digest.sha256(of: [1])
        var request = ChangeRequest(
            title: "Higher limits everywhere", why: "users are cut off", type: "limits",
            urgency: .high, implementer: "ivo", wanted: try interval(600, 7200),
            expectedMilliseconds: 540_000,
            impact: .init(
                service: "a restart of 2 s each", capacity: "200 MB more", security: "none",
                recovery: "none"),
            rollback: "the old file is kept", ticket: "RFC-7",
            plan: ChangePlan(
                scene.record.plan, digest: digest, forecastDigest: .sha256(of: [2]),
                forecastOutline: .sha256(of: [3]), written: authorship))
        if !isComplete { request = ChangeRequest(title: request.title, plan: request.plan) }
        let all = [.opened(request)] + events
        let recorded = all.enumerated().map { index, event in
            RecordedChangeEvent(
                sequence: index + 1, at: start.adding(.seconds(60 * index)),
                actor: index == 0 ? "rea" : actor, event: event)
        }
        guard let id = ChangeID(number: isComplete ? number : 8),
            let change = Change(id, events: recorded)
        else { throw BadGolden() }
        return change
    }

    private static func interval(_ first: Int, _ last: Int) throws -> Interval {
        guard let interval = Interval(start.adding(.seconds(first)), start.adding(.seconds(last)))
        else { throw BadGolden() }
        return interval
    }

    private static func approval(_ person: String) throws -> SignedApproval {
        guard let id = ChangeID(number: 7) else { throw BadGolden() }
        return SignedApproval(
            statement: ChangeApproval(
                decision: .approved, library: "lab", origin: "home", change: id,
                environment: "lab", planDigest: .sha256(of: [1]),
                forecastDigest: .sha256(of: [2]), approver: person, role: "approver",
                issued: start, expires: start.adding(.seconds(604_800)),
                nonce: String(repeating: person == "bob" ? "b" : "c", count: 32)),
            signature: "-----BEGIN SSH SIGNATURE-----\n")
    }
}

/// A scene that can't be made.
struct BadGolden: Error {}
