import Runbooks
import Runner

/// Targets that a person leaves out of a run by name: `--without a,b --why REASON`.
struct LeavingOut: Sendable {
    /// The most characters of a reason: it stands in the status of every target left out.
    private static let longestReason = 1000

    let names: [String]
    let reason: String?

    /// The targets of a plan that the run doesn't start; the plan and its digest stay as they are.
    ///
    /// - Throws: `Failure` for a name that is no target of the plan, without a reason, and when no
    ///   target would be left.
    func targets(of plan: Plan) throws -> [LeftOutTarget] {
        let given = names.flatMap { text in
            text.split(separator: ",", omittingEmptySubsequences: false).map { name in
                String(name.trimmingPrefix { $0 == " " })
            }
        }
        let why = reason?.trimmingPrefix { $0.isWhitespace }.isEmpty == false ? reason : nil
        guard !given.isEmpty else {
            guard reason == nil else {
                throw Failure(
                    .usage, code: "usage", "--why says why targets are left out, and none is.",
                    hint: "name them with --without")
            }
            return []
        }
        guard let why else {
            throw Failure(
                .usage, code: "usage", "--without needs a reason.",
                hint: "add --why '…': it is recorded, and whoever reads the run will ask")
        }
        guard why.count <= Self.longestReason else {
            throw Failure(
                .invalidInput, code: "without",
                "The reason has \(why.count) characters; \(Self.longestReason) are the most.",
                hint: "say it in a sentence; 'handrail note' takes more once it runs")
        }
        let known = plan.targets.map(\.name)
        let unknown = given.filter { name in !known.contains { $0.rawValue == name } }
        guard unknown.isEmpty else { throw Self.unknown(unknown, known) }
        let left = known.filter { given.contains($0.rawValue) }
        guard left.count < known.count else {
            throw Failure(
                .invalidInput, code: "without",
                "--without leaves out all \(known.count) targets of the plan.",
                hint: "there is nothing to run then")
        }
        return left.map { LeftOutTarget(target: $0, reason: why) }
    }

    private static func unknown(_ names: [String], _ known: [TargetName]) -> Failure {
        let shown = names.map { printableExcerpt($0) }.joined(separator: ", ")
        let near = names.compactMap { nearestName(to: $0, among: known.map(\.rawValue)) }
        return Failure(
            .invalidInput, code: "without",
            "\(shown) \(names.count == 1 ? "is no target" : "are no targets") of the plan.",
            hint: near.isEmpty
                ? "its targets: \(TargetList.text(known, limit: 12))"
                : "did you mean \(near.joined(separator: ", "))?")
    }
}
