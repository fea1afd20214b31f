import Runbooks
import Runner

/// An audit under way: a line for what deviates or can't be seen, and with few targets for all.
extension ProgressView {
    /// The line that stays for what was seen of an item; nil for one that needs none.
    func line(
        for result: AuditResult, of item: StepID, on target: TargetName, in run: RunMachine
    ) -> String? {
        guard run.targetCount <= Self.mostTargetsInDetail else { return nil }
        let title = run.sequence(of: target).first { $0.id == item }?.title ?? ""
        switch result.verdict {
        case .complies: return ended(target, item.rawValue, ("✓", "complies", .good), title, run)
        case .deviates:
            return ended(
                target, item.rawValue, ("≠", "deviates", result.severity.tone),
                "\(result.severity.rawValue): \(result.deviation ?? "")", run, isShort: false)
        case .excepted:
            return ended(
                target, item.rawValue, ("·", "excepted", .faint), result.deviation ?? "", run)
        case .failed:
            return ended(
                target, item.rawValue, ("✗", "not seen", .bad), result.why ?? "", run,
                isShort: false)
        }
    }
}
