import ArgumentParser
import Audit
import Foundation
import Runbooks
import Runner

/// `handrail backup`: the home in one file.
struct BackupCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the home into one file, while runs go on.",
        discussion: """
            Journal, trail, outputs, settings and the key that signs the trail: all that \
            'handrail restore' needs. Whoever has the file can sign as this controller: keep it as \
            you keep the key, or leave the key out with --without-keys and keep it elsewhere.

            Example: handrail backup -o /mnt/safe/
            """)

    @Option(
        name: [.short, .customLong("out")],
        help: ArgumentHelp(
            "The file, which must not be there yet, or a folder; the folder you are in unless given.",
            valueName: "file"),
        completion: .file())
    var out: String?

    @Flag(help: "Leave the keys out; without them nothing can be recorded in what is restored.")
    var withoutKeys = false

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Writes the file, and says what is in it.
    func perform(_ session: Session) async throws -> ExitCode {
        guard let home = try await session.existingHome() else {
            throw Failure(
                .invalidInput, code: "backup.noHome",
                "There is no home at \(printableExcerpt(session.homePath)): nothing to back up.",
                hint: "another home is named with --home or HANDRAIL_HOME")
        }
        // What doesn't agree can't be restored: better to hear it now.
        if let difference = await home.difference() { throw difference }
        let path = place(session)
        let report = try await UpkeepLock.held(of: home.home) {
            try await HomeBackup(journal: home.journal, withKeys: !withoutKeys)
                .write(to: path, at: session.world.now())
        }
        let view = BackupView(report: report, path: path)
        if session.console.isJSON {
            session.console.json(view.document)
        } else {
            session.console.lines(view.lines(ShownTime(session.world)))
        }
        view.warn(session.console)
        return .success
    }

    private func place(_ session: Session) -> String {
        let name =
            "handrail-\(session.world.hostName())-\(TimeText.second(session.world.now())).tar"
        guard let out else { return session.world.path(name) }
        let path = session.world.path(out)
        var isFolder: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard isThere && isFolder.boolValue else { return path }
        return path + (path.hasSuffix("/") ? "" : "/") + name
    }
}
