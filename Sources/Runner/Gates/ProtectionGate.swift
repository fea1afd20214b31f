import Runbooks

/// What is known of locks, and of who is unavailable, before a plan is run.
package enum LockState: Sendable, Hashable {
    /// Who holds targets, and what past runs left unavailable: of the plan's targets, and of all
    /// others of their groups.
    case known([TargetLock], standings: [Standing] = [])
    /// The journal could not be asked, and why.
    case unreadable(String)
}

/// Gate 8: targets that other runs hold are not started, nor those that their group can't spare.
///
/// A run with a target that is free starts, and waits for the others; one that could start nothing
/// is refused.
struct ProtectionGate: Sendable {
    /// Reasons that are written out; the others are counted.
    private static let named = 5

    let verdict: Verdict
    /// Why targets would wait, though the run can start: one sentence each.
    let deferred: [String]

    init(_ targets: [TargetName], _ groups: [ProtectedGroup], _ state: LockState) {
        switch state {
        case .unreadable(let why):
            verdict = .refused(["who holds locks can't be asked: \(why)"])
            deferred = []
        case .known(let locks, let standings):
            let availability = Availability(locks: locks, standings: standings)
            var mayYetStart = false
            let reasons = targets.compactMap { name -> String? in
                if let lock = locks.first(where: { $0.target == name }) {
                    return Deferral.locked(lock).text
                }
                guard let refusal = availability.refusal(of: name, in: groups) else { return nil }
                mayYetStart = mayYetStart || refusal.mayYetStart
                return Deferral.protected(refusal).text
            }
            if reasons.isEmpty {
                verdict = .open(
                    rule: "no other run holds these targets"
                        + (groups.isEmpty ? "" : ", and their groups can spare them"))
                deferred = []
            } else if reasons.count == targets.count, !mayYetStart {
                verdict = .refused(Self.short(reasons))
                deferred = []
            } else {
                verdict = .open(
                    rule: "\(reasons.count) of \(targets.count) targets would wait: "
                        + Self.short(reasons).joined(separator: "; "))
                deferred = reasons
            }
        }
    }

    private static func short(_ reasons: [String]) -> [String] {
        let more = reasons.count - named
        return reasons.prefix(named) + (more > 0 ? ["and \(more) more"] : [])
    }
}
