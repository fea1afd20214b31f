import ArgumentParser
import Audit
import Foundation
import Runbooks

/// `handrail validate`: all problems of documents, in one pass.
struct ValidateCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks the library's documents, and shows every problem at once.",
        discussion: """
            Reads the folder as it is now, so that authors see what they have just written.
            Ends with 3 when there are errors, and with 0 when there are warnings only.

            Example: handrail validate runbooks/disk/full
            """)

    @ArgumentParser.Argument(
        help: ArgumentHelp(
            "Files or folders of the library; all of it without any.", valueName: "path"),
        completion: .file())
    var paths: [String] = []

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Reads each library once, and shows what was found under the paths.
    func perform(_ session: Session) async throws -> ExitCode {
        var report = ValidationReport()
        for (root, wanted) in try places(session) {
            let tree = try await WorkingTreeLibrary(in: root, limits: LibraryLimits()).read()
            try report.add(tree, under: wanted, root: root.root, zones: session.world.zones)
        }
        if session.console.isJSON {
            session.console.json(report.document)
        } else {
            session.console.lines(
                report.lines(style: session.console.style, width: session.console.width))
        }
        return report.errors == 0 ? .success : .invalidInput
    }

    /// The libraries that the paths lie in, each with the paths below its root.
    private func places(_ session: Session) throws -> [(LibraryFolder, [String])] {
        guard !paths.isEmpty else {
            return [(try LibraryFolder.nearest(to: session.libraryPath), [])]
        }
        var places: [(folder: LibraryFolder, paths: [String])] = []
        for path in paths.map(session.world.path) {
            let folder = try LibraryFolder.nearest(to: path)
            let full = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let below =
                full == folder.root ? "" : String(full.dropFirst(folder.root.utf8.count + 1))
            if let index = places.firstIndex(where: { $0.folder == folder }) {
                places[index].paths.append(below)
            } else {
                places.append((folder, [below]))
            }
        }
        return places.map { ($0.folder, $0.paths) }
    }
}
