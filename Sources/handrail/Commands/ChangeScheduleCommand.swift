import ArgumentParser
import Runner

/// `handrail change schedule`: gives a change its time.
struct ChangeScheduleCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Gives an approved change the time in which its runs may start.",
        discussion: """
            Without --start and --end it gets the time that was wanted. --add gives a further one: \
            what was not done in the first goes on in it, without new approval.

            Example: handrail change schedule CHG-42 --start 2026-11-28T20:00:00+01:00 \
            --end 2026-11-29T04:00:00+01:00
            """)

    @OptionGroup var change: ChangeIDArgument

    @Option(help: ArgumentHelp("From when on runs may start.", valueName: "time"))
    var start: String?

    @Option(help: ArgumentHelp("Until when they may.", valueName: "time"))
    var end: String?

    @Flag(help: "A further time, beside those that it has.")
    var add = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Records the time.
    func perform(_ session: Session) async throws -> ExitCode {
        let given = try ChangeIntake.interval(start, end)
        let acting = try await ChangeActing.on(change.change, session)
        guard let interval = given ?? (add ? nil : acting.change.request.wanted) else {
            throw Failure(
                .usage, code: "usage", "When? Give --start and --end.",
                hint: "such as --start 2026-11-28T20:00:00+01:00 --end 2026-11-29T04:00:00+01:00")
        }
        return try await acting.tell(
            [.schedule(interval, adds: add)], "The time of \(acting.change.id)")
    }
}
