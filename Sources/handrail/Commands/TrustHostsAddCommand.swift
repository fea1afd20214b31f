import ArgumentParser
import Audit
import Runbooks
import Runner

/// `handrail trust hosts add`: more lines of known_hosts.
struct TrustHostsAddCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds lines of known_hosts: what ssh-keyscan prints, after you compared them.",
        discussion: "Example: ssh-keyscan mbx01 | handrail trust hosts add -")

    @ArgumentParser.Argument(
        help: ArgumentHelp("A file of such lines; - reads standard input.", valueName: "file"),
        completion: .file())
    var file: String

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Adds those that aren't there yet, and records that trust changed.
    func perform(_ session: Session) async throws -> ExitCode {
        let editing = TrustEditing(session: session)
        let before = try editing.book().pins.count
        let given = try await InputFile(path: file, limit: 1 << 20).bytes(session.world)
        let old = try TrustChanging(session.trustFolder).text(of: TrustBook.hostsFile) ?? []
        let known = Set(Self.lines(old))
        var seen = known
        let new = Self.lines(given).filter { !$0.hasPrefix("#") && seen.insert($0).inserted }
        guard !new.isEmpty else {
            throw Failure(
                .invalidInput, code: "trust.nothingNew", "There is no line that is new.",
                hint: "'handrail trust hosts show' lists those that are there")
        }
        var text = String(decoding: old, as: UTF8.self)
        if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        let book = try await editing.write(
            [TrustBook.hostsFile: text + new.joined(separator: "\n") + "\n"],
            what: "hosts add: \(CountText.of(new.count, "line"))")
        if session.console.isJSON {
            session.console.json(
                TrustHostsDocument(added: book.pins.count - before, pins: book.pins))
        } else {
            session.console.lines([
                "\(CountText.of(book.pins.count - before, "host key")) added; "
                    + "\(book.pins.count) in all."
            ])
        }
        return .success
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
