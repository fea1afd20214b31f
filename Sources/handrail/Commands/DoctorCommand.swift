import ArgumentParser

/// `handrail doctor`: whether everything that runs need is there.
struct DoctorCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks programs, home, library and targets, and says what to do.",
        discussion: """
            Targets are looked at only when they are named. Ends with 11 when something is wrong.

            Example: handrail doctor --limit 'role = hub'
            """)

    @OptionGroup(title: "Targets to look at") var targets: TargetOptions
    @OptionGroup(title: "Reaching targets") var reach: ReachOptions
    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Makes all checks, whatever the ones before have found.
    func perform(_ session: Session) async throws -> ExitCode {
        var findings = await ProgramCheck(session: session).findings()
        findings += await HomeCheck(session: session).findings()
        let (library, about) = await LibraryCheck(session: session).findings()
        findings += about
        if !targets.on.isEmpty || !targets.limit.isEmpty {
            findings += try await targetFindings(session, library)
        }
        let report = DoctorReport(findings: findings)
        if session.console.isJSON {
            session.console.json(report.document)
        } else {
            session.console.lines(
                report.lines(style: session.console.style, width: session.console.proseWidth))
        }
        return report.problems == 0 ? .success : .checksFailed
    }

    private func targetFindings(
        _ session: Session, _ library: OpenedLibrary?
    ) async throws -> [DoctorFinding] {
        guard let library else {
            return [
                DoctorFinding(
                    .problem, "targets", "not looked at: there is no library to find them in",
                    remedy: "see the library above")
            ]
        }
        let chosen = try await TargetIntake(session: session, options: targets)
            .select(from: library.library.inventory)
        let settings = Reach(session: session, options: reach).settings
        return await TargetCheck(settings: settings, session: session).findings(chosen)
    }
}
