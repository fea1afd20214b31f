import ArgumentParser
import Runner

/// `handrail pause`: lets a run stop where that is safe.
struct PauseCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Starts no further target; those under way stop at their next safe stop.",
        discussion: "Example: handrail pause last")

    @OptionGroup var run: RunIDArgument

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run, and says where each target stops.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading, trail: .unlessLed)
        let id = telling.folded.summary.id
        return try await telling.tell(
            .pause,
            done: ["The run \(id) pauses."] + Self.stops(of: telling.folded.machine)
                + ["Go on: handrail resume \(id)   End it at once: handrail abort \(id)"])
    }

    /// Targets that are named one by one.
    private static let mostNamed = 20

    /// Where each running target will stop.
    static func stops(of machine: RunMachine) -> [String] {
        let running = machine.runningTargets
        return running.prefix(mostNamed).map { name in
            let steps = machine.sequence(of: name)
            let cursor = machine.targets[name]?.cursor ?? 0
            let stop = steps.indices.first { $0 >= cursor && steps[$0].isSafeStop }
            return "  \(name) stops "
                + (stop.map { "after \(steps[$0].id)" }
                    ?? "at its end: no step before is a safe stop")
        } + (running.count > mostNamed ? ["  … and \(running.count - mostNamed) more"] : [])
    }
}
