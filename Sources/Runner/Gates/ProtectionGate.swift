import Runbooks

/// What is known of the locks of a plan's targets before it is run.
package enum LockState: Sendable, Hashable {
    /// Those that other runs hold.
    case known([TargetLock])
    /// The journal could not be asked, and why.
    case unreadable(String)
}

/// Gate 8: targets that other runs hold are not started.
///
/// A run with a target that is free starts, and waits for the others; one that could start nothing
/// is refused.
struct ProtectionGate: Sendable {
    /// Reasons that are written out; the others are counted.
    private static let named = 5

    let verdict: Verdict
    /// Why targets would wait, though the run can start: one sentence each.
    let deferred: [String]

    init(_ targets: [TargetName], _ state: LockState) {
        switch state {
        case .unreadable(let why):
            verdict = .refused(["who holds locks can't be asked: \(why)"])
            deferred = []
        case .known(let locks):
            let inTheWay = targets.compactMap { name in locks.first { $0.target == name } }
            let reasons = inTheWay.map { Deferral.locked($0).text }
            if inTheWay.isEmpty {
                verdict = .open(rule: "no other run holds these targets")
                deferred = []
            } else if inTheWay.count == targets.count {
                verdict = .refused(Self.short(reasons))
                deferred = []
            } else {
                verdict = .open(
                    rule: "\(inTheWay.count) of \(targets.count) targets would wait: "
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
