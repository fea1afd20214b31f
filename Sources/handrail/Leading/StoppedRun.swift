import Audit
import Runbooks
import Runner

/// A run that has stopped by itself, and whose plan says that what it changed is undone then.
///
/// The rollback is a child run of its own, led by the same process. Where that can't begin, or dies
/// before it does, the run stands as failed, and a person rolls it back.
struct StoppedRun: Sendable {
    let session: Session
    let home: OpenedHome
    /// The run as its leader left it.
    let run: RunMachine
    let leading: LeadingOptions
    let secrets: [ParameterName: Secret]

    /// Undoes what the run and those it goes on from have changed, the last wave first.
    ///
    /// - Returns: nil where nothing is undone: the plan doesn't say so, or nothing can be.
    /// - Throws: `Failure`, `JournalError`.
    func undo() async throws -> ExitCode? {
        guard run.isToBeUndone else { return nil }
        let summary = try await RunReference(run.record.id.rawValue).resolve(in: home.journal)
        let chain = try await RunChain(of: FoldedRun(summary, in: home.journal), in: home.journal)
        switch chain.rollback(run.plan.targets.map(\.name)) {
        case .failure(let problem):
            session.console.warn(
                "The run was not rolled back by itself (on_stop): \(problem.message).",
                hint: problem.hint)
            return nil
        case .success(let starts):
            let descent = RunDescent(
                kind: .rollback, parent: run.record.id, starts: starts,
                keepsGoing: run.plan.rollout.keepsGoing == true)
            let console = session.console
            if !console.isJSON {
                console.errors(
                    RollbackText(descent: descent, plan: run.plan).lines(
                        console.errorStyle, width: console.errorWidth ?? 100))
            }
            return try await ChildRun(
                session: session, home: home, chain: chain, leading: leading
            ).lead(descent, secrets: secrets, isByPlan: true)
        }
    }
}
