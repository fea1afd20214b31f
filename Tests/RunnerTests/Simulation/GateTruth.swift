import Runbooks

@testable import Runner

/// What the rules of the gates say of one run, stated plainly, and without any code of the gates.
///
/// Times are milliseconds of the wall clock. Of a resolution only the freezes that bind it, the
/// role and the scope count.
struct GateTruth {
    struct Span: Hashable {
        let start: Int64
        let end: Int64

        func contains(_ time: Int64) -> Bool { start <= time && time < end }
    }

    struct Approval {
        let person: String
        let expires: Int64
        /// Of this plan, this change, this home and library, with a good signature.
        let isOfThis: Bool
        var isRevoked = false
    }

    /// A zone whose clocks are set once, by so much forward; before that they show this clock.
    struct Zone {
        let turn: Int64
        let shift: Int64

        func local(_ time: Int64) -> Int64 { time < turn ? time : time + shift }
    }

    enum State { case may, review, over }

    let isChange: Bool
    let starter: String
    let zone: Zone
    /// In local time.
    let windows: [Span]
    /// Freezes that bind it.
    let freezes: [Span]
    /// What a stop undoes takes as long again; and so long nothing happens after it.
    var undoes = false
    var soak: Int64 = 0
    /// How long the change takes, as its request says; nil where that says nothing.
    var expected: Int64?
    var isEmergency = false
    var dates: [Span] = []
    var quorum = 1
    var approvals: [Approval] = []
    /// People who asked for it, are to carry it out, or wrote a part of it.
    var partial: Set<String> = []
    var board: Set<String> = []
    /// Signed by then, or some minutes later by another clock.
    var issued: Int64 = 0
    var state = State.may
    var isHeld = false
    var canAskDesk = true
    var canReadLibrary = true
    var canReadCalendars = true
    var canReadTrust = true
    /// When the starter's role ends; nil where nothing is known of roles, or it doesn't.
    var roleEnds: Int64?
    var hasRole = true
    var isInScope = true
    /// Targets with other labels now, in another environment, and no longer in the inventory.
    var relabelled: Set<TargetName> = []
    var moved: Set<TargetName> = []
    var gone: Set<TargetName> = []

    var astray: Set<TargetName> { relabelled.union(moved).union(gone) }

    /// Why nothing may start at an instant that lasts for so long; nothing where it may.
    func closed(
        at now: Int64, for needed: Int64?, on remaining: Set<TargetName>, isClockSet: Bool = false
    ) -> [String] {
        var reasons: [String] = []
        if !astray.isDisjoint(with: remaining) { reasons.append("a target is astray") }
        if isClockSet { reasons.append("the clock was set") }
        if !canReadLibrary { reasons.append("nobody can read the library") }
        if !canReadTrust || !hasRole || roleEnds.map({ $0 <= now }) == true {
            reasons.append("\(starter) has no role")
        }
        if !isInScope { reasons.append("out of scope") }
        if isChange { reasons += closedByChange(at: now) }
        if !canReadCalendars {
            reasons.append("nobody can read the calendars")
        } else if !(time(needed).map { fits(at: now, for: $0) } ?? false) {
            reasons.append("no time for \(time(needed).map { "\($0)" } ?? "it") at \(now)")
        }
        return reasons
    }

    /// What must be left; nil where nobody knows.
    private func time(_ needed: Int64?) -> Int64? {
        guard isChange else { return needed ?? 0 }
        return needed ?? expected.map { $0 * (undoes ? 2 : 1) + soak }
    }

    private func closedByChange(at now: Int64) -> [String] {
        guard canAskDesk else { return ["nobody can ask the desk"] }
        var reasons: [String] = []
        let isInDates = dates.contains { $0.contains(now) }
        if state == .over || state == .review && !isInDates { reasons.append("its state") }
        if isHeld { reasons.append("on hold") }
        let people = Set(
            approvals.filter { approval in
                approval.isOfThis && !approval.isRevoked && now < approval.expires
                    && issued <= now + 300_000 && board.contains(approval.person)
                    && !partial.contains(approval.person) && approval.person != starter
            }.map(\.person))
        if people.count < quorum { reasons.append("\(people.count) of \(quorum) approve it") }
        return reasons
    }

    /// Whether it is open by the clock alone at an instant.
    func isOpenByClock(_ time: Int64) -> Bool {
        guard !freezes.contains(where: { $0.contains(time) }) else { return false }
        guard isChange else { return true }
        guard dates.contains(where: { $0.contains(time) }) else { return false }
        return isEmergency || windows.contains { $0.contains(zone.local(time)) }
    }

    /// Whether it is open from an instant on, for so long.
    func fits(at now: Int64, for needed: Int64) -> Bool {
        isOpenByClock(now)
            && turns.filter { now < $0 && $0 < now + needed }.allSatisfy(isOpenByClock)
    }

    /// All instants at which anything may change.
    private var turns: [Int64] {
        let spans = dates + freezes + windows
        let edges = spans.flatMap { [$0.start, $0.end] }
        return edges + windows.flatMap { [$0.start - zone.shift, $0.end - zone.shift] } + [
            zone.turn
        ]
    }

    /// Whether it will open without anybody's act.
    func opensLater(
        than now: Int64, for needed: Int64?, on remaining: Set<TargetName>
    ) -> Bool {
        ([now] + turns.filter { $0 > now }).contains {
            closed(at: $0, for: needed, on: remaining).isEmpty
        }
    }
}
