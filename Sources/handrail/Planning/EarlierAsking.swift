import Runbooks
import Runner

extension Session {
    /// What ran in the environment before a plan's: gate 2 is asked of it.
    func earlierRuns(of plan: Plan, in library: Library) async -> EarlierRuns {
        guard let before = plan.environment.after?.environment else { return .notAsked }
        let rule = library.configuration.environments.first { $0.name == before }
        let place = EarlierRuns.Place(
            targets: library.inventory.targets.filter { $0.environment == before },
            needsChange: rule?.change == .required)
        do {
            guard let home = try await existingHome() else { return .known([], in: place) }
            return .known(
                try await home.journal.earlierRuns(of: plan, in: before), in: place)
        } catch {
            return .unreadable(Failure(error).message)
        }
    }
}
