import ArgumentParser
import Audit
import Runner

/// `handrail trust hosts show`: the host keys that count.
struct TrustHostsShowCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The host keys of targets in trust.")

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Lists them.
    func perform(_ session: Session) async throws -> ExitCode {
        let pins = try TrustEditing(session: session).book().pins
        let console = session.console
        if console.isJSON {
            console.json(TrustHostsDocument(added: nil, pins: pins))
        } else {
            var table = Table("names", "kind", "fingerprint", "marker")
            for pin in pins {
                table.add(
                    Table.Cell(SafeText.line(pin.names)), Table.Cell(SafeText.line(pin.kind)),
                    Table.Cell(pin.fingerprint.rawValue), Table.Cell(pin.marker ?? ""))
            }
            console.lines(table.lines(width: console.width, style: console.style))
        }
        return .success
    }
}

/// The JSON form of `trust hosts`.
struct TrustHostsDocument: Encodable, Sendable {
    /// One line.
    struct Pin: Encodable, Sendable {
        let names, kind, fingerprint: String
        let marker: String?
    }

    var format = 1
    /// How many were added; nil where they are shown.
    let added: Int?
    let pins: [Pin]

    init(added: Int?, pins: [PinnedKey]) {
        self.added = added
        self.pins = pins.map {
            Pin(
                names: $0.names, kind: $0.kind, fingerprint: $0.fingerprint.rawValue,
                marker: $0.marker)
        }
    }
}
