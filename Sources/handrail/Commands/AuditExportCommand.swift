import ArgumentParser
import Audit
import Foundation
import Runbooks
import Runner

/// `handrail audit export`: what an auditor takes along.
struct AuditExportCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a run's record into a folder that git and ssh-keygen can verify.",
        discussion: """
            The folder has the whole trail as a bundle, the run's events and evidence as files, \
            and VERIFY.md, which says what to type.

            Example: handrail audit export last /tmp/for-the-auditor
            """)

    @OptionGroup var run: RunIDArgument

    @ArgumentParser.Argument(
        help: ArgumentHelp("A folder that isn't there yet.", valueName: "folder"),
        completion: .directory)
    var folder: String

    @OptionGroup var trail: TrailOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Writes the folder, whole or not at all.
    func perform(_ session: Session) async throws -> ExitCode {
        try session.permit(.auditExport)
        let folder = session.world.path(folder)
        let reader = try await trail.reader(session)
        let commits = try reader.commits()
        let id = try reader.run(named: run.run, in: commits)
        let passage = try TrailPassage(of: .run(id), in: reader, commits)
        let export = TrailExport(
            session: session, reader: reader, passage: passage, run: id, head: commits.first)
        let files = try await export.write(to: folder)
        let console = session.console
        if console.isJSON {
            console.json(
                ExportDocument(
                    run: id, ended: export.openState == nil, folder: folder, files: files))
        } else {
            console.lines([
                "\(id): \(CountText.of(passage.lines.count, "event")) and the trail in \(folder)",
                "What to type is in \(folder)/VERIFY.md.",
            ])
            if let state = export.openState {
                console.warn(
                    "The run has not ended (\(state)): what comes later is not in there.",
                    hint: "export it again once it has")
            }
        }
        return .success
    }

    /// The form of `audit export --json` (docs/json.md).
    struct ExportDocument: Encodable, Sendable {
        let format = 1
        let run: String
        let ended: Bool
        let folder: String
        let files: [String]

        private enum CodingKeys: String, CodingKey { case format, run, ended, folder, files }
    }
}
