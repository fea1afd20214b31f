import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail prune`: frees space in the home.
struct PruneCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Frees space: what attempts of old runs wrote, and what killed commands left.",
        discussion: """
            Never events, never the trail: what ran, and the digests of what it wrote, are kept for \
            ever. Outputs of runs that are open or were handed over stay. It works on a full disk, \
            too. What is removed is recorded.

            Example: handrail prune --older-than 400d --dry-run
            """)

    @Option(
        help: ArgumentHelp(
            "Outputs of runs that ended longer ago than this.", valueName: "time"))
    var olderThan = "400d"

    @Flag(help: "Only say what would be removed.")
    var dryRun = false

    @Flag(help: "Don't ask before anything is removed.")
    var yes = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Removes, and says what.
    func perform(_ session: Session) async throws -> ExitCode {
        guard let age = SinceText.milliseconds(olderThan), age >= 86_400_000 else {
            throw Failure(
                .usage, code: "usage",
                "--older-than \(printableExcerpt(olderThan)) is no time of a day or more.",
                hint: "write such as 400d or 52w")
        }
        guard let home = try await session.existingHome() else {
            throw Failure(
                .invalidInput, code: "prune.noHome",
                "There is no home at \(printableExcerpt(session.homePath)): nothing to prune.",
                hint: "another home is named with --home or HANDRAIL_HOME")
        }
        let before = Timestamp(milliseconds: session.world.now().milliseconds - age)
        let prune = HomePrune(session: session, home: home, before: before)
        guard !dryRun else {
            show(try await prune.look().0, session)
            return .success
        }
        try await home.refuseWhenTrailDiffers()
        let report = try await UpkeepLock.held(of: home.home) {
            let (found, digests) = try await prune.look()
            if !found.isNothing { try await confirm(found, session) }
            return try await prune.remove(found, digests)
        }
        show(report, session)
        guard let unrecorded = report.unrecorded else { return .success }
        session.console.warn(
            "What was removed is not in the trail: \(unrecorded.message)", hint: unrecorded.hint)
        return .waiting
    }

    private func show(_ report: HomePrune.Report, _ session: Session) {
        if session.console.isJSON {
            session.console.json(PruneDocument(report, isDryRun: dryRun))
        } else {
            session.console.lines(
                PruneView(report: report, isDryRun: dryRun).lines(ShownTime(session.world)))
        }
    }

    private func confirm(_ found: HomePrune.Report, _ session: Session) async throws {
        guard !yes else { return }
        let console = session.console
        guard console.isInteractive else {
            throw Failure(
                .usage, code: "confirmation", "Nobody can confirm what is removed.",
                hint: "look at it with --dry-run, then give --yes")
        }
        console.errors(PruneView(report: found, isDryRun: true).lines(ShownTime(session.world)))
        let count = found.outputs + found.leftovers.count
        let answer = try await console.ask("Type how many that are (\(count)) to remove them:")
        guard answer == "\(count)" else {
            throw Failure(
                .aborted, code: "declined", "It was not confirmed.", hint: "nothing was removed")
        }
    }
}
