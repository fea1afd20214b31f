import Foundation
import Runbooks
import Runner

/// A run's unchanging facts, as the trail has them: the line that opened it, and its plan among the
/// evidence.
struct RebuiltRecord {
    /// The facts, and whether the plan in them is only the place of one that is lost.
    struct Made {
        let record: RunRecord
        let isWithoutPlan: Bool
    }

    private let opened: TrailRecord
    private let store: FileContentStore
    private let reader: TrailReader

    init(_ opened: TrailRecord, store: FileContentStore, reader: TrailReader) {
        (self.opened, self.store, self.reader) = (opened, store, reader)
    }

    /// The facts; nil for a line that doesn't even say which run it is about.
    func record() throws -> Made? {
        guard let id = opened.about["run"].flatMap(RunID.init(rawValue:)),
            let planID = opened.about["plan"].flatMap(PlanID.init(rawValue:)),
            let digest = digest("plan_digest")
        else { return nil }
        let found = try plan(digest)
        guard let plan = found ?? stand(for: planID) else { return nil }
        let record = RunRecord(
            id: id, number: RebuiltEvent.number(opened.details["number"]) ?? 1, plan: plan,
            planDigest: digest, forecastDigest: self.digest("forecast_digest"),
            actor: opened.actor, ticket: text("ticket"), alert: text("alert"),
            librarySource: text("library") ?? "", opened: opened.at, leftOut: leftOut(plan),
            forecastOutline: self.digest("forecast_outline"),
            gating: glass == nil ? nil : Gating(waits: false),
            change: opened.about["change"].flatMap(ChangeID.init(rawValue:)), brokenGlass: glass)
        return Made(record: record, isWithoutPlan: found == nil)
    }

    /// What two people signed who started it without a change; nil for any other run.
    private var glass: BrokenGlass? {
        guard case .object(let details)? = opened.details["break_glass"] else { return nil }
        func text(_ key: String) -> String? { RebuiltEvent.text(details[key]) }
        guard let first = text("first"), let second = text("second"), let reason = text("reason"),
            let at = text("at").flatMap(Timestamp.init(trailText:))
        else { return nil }
        var groups: [String] = []
        if case .array(let list)? = details["groups"] { groups = list.compactMap(\.text) }
        return BrokenGlass(first: first, second: second, reason: reason, groups: groups, at: at)
    }

    /// The plan of a digest: evidence, else from the store; nil where neither has it.
    private func plan(_ digest: Digest) throws -> Plan? {
        let bytes = try reader.evidence(digest.rawValue) ?? (try? store.getBlocking(digest))
        guard let bytes, Digest.sha256(of: bytes) == digest else { return nil }
        do {
            return try JSONDecoder().decode(Plan.self, from: Data(bytes))
        } catch is DecodingError {
            // Of another version of Handrail: as good as lost here.
            return nil
        }
    }

    /// What stands in the place of a lost plan: the run's name, runbook and targets, and one step
    /// that is never done, so that no run of it ever counts as gone through.
    private func stand(for id: PlanID) -> Plan? {
        guard let runbook = text("runbook").flatMap(RunbookID.init(rawValue:)),
            let digest = digest("runbook_digest"), let step = StepID(recorded: "plan-lost")
        else { return nil }
        var names: [TargetName] = []
        if case .array(let list)? = opened.details["targets"] {
            names = list.compactMap { $0.text.flatMap(TargetName.init(rawValue:)) }
        }
        return Plan(
            planID: id, libraryID: "",
            runbook: PlannedRunbook(
                id: runbook, title: text("title") ?? "", kind: .resolution, digest: digest,
                files: []),
            environment: EnvironmentRule(
                name: text("environment") ?? "", content: .off, change: .off, isProduction: true),
            parameters: [],
            targets: names.map {
                PlannedTarget(
                    name: $0, address: "", port: 22, user: nil, becomeUser: nil, hostKeys: [],
                    labels: [:])
            },
            steps: [
                Step(
                    id: step, title: "The plan is lost", effect: .irreversible,
                    action: .run(ScriptCall(program: .inline("exit 1"))))
            ],
            verify: [], rollback: [], symptom: nil, rollout: Rollout(), onFailure: nil,
            created: opened.at, expires: opened.at)
    }

    private func leftOut(_ plan: Plan) -> [LeftOutTarget]? {
        guard case .object(let reasons)? = opened.details["left_out"] else { return nil }
        let left = plan.targets.map(\.name).compactMap { name in
            RebuiltEvent.text(reasons[name.rawValue]).map {
                LeftOutTarget(target: name, reason: $0)
            }
        }
        return left.isEmpty ? nil : left
    }

    private func digest(_ key: String) -> Digest? {
        opened.detail(key).flatMap(Digest.init(rawValue:))
    }

    private func text(_ key: String) -> String? { RebuiltEvent.text(opened.details[key]) }
}
