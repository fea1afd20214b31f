import Runbooks
import Runner

/// The commands that mend a deviation, to be pasted.
enum FixText {
    /// How many targets of a runbook for one at a time have their command shown.
    static let mostCommands = 3

    /// One command for all targets, or one for each where the runbook takes one at a time.
    ///
    /// `pick` is what the library says of the runbook; nil where that isn't known.
    static func commands(
        _ fix: BaselineReport.Fix, on targets: [TargetName], pick: TargetRule.Pick?
    ) -> [String] {
        let values = fix.values.sorted { $0.key < $1.key }
        let set = values.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        func command(_ choice: [String]) -> String {
            CommandText.of(["handrail", "run", fix.runbook.rawValue] + choice + set)
        }
        guard pick == .many, targets.count > 1 else {
            return targets.map { command(["--on", $0.rawValue]) }
        }
        return [command(["--limit", targets.map(\.rawValue).joined(separator: ",")])]
    }
}
