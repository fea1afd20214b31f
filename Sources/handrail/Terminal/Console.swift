import Runbooks
import Runner

/// Where a command writes: results to standard output, everything said to people meanwhile to
/// standard error.
struct Console: Sendable {
    let world: World
    /// Whether standard output carries one JSON document and nothing else.
    let isJSON: Bool
    private let color: ColorChoice

    init(world: World, isJSON: Bool, color: ColorChoice = .auto) {
        self.world = world
        self.isJSON = isJSON
        self.color = color
    }

    /// Colours on standard output.
    var style: Style { style(isTerminal: world.terminal.isOutputTerminal) }
    /// Colours on standard error.
    var errorStyle: Style { style(isTerminal: world.terminal.isErrorTerminal) }

    /// The columns of the terminal that results go to; nil when it is none: nothing is cut then.
    var width: Int? { world.terminal.isOutputTerminal ? world.terminal.columns() : nil }

    /// The columns of the terminal that people are told things on; nil when it is none.
    var errorWidth: Int? { world.terminal.isErrorTerminal ? world.terminal.columns() : nil }

    /// The columns to wrap prose at.
    var proseWidth: Int { min(width ?? 80, 100) }

    /// Whether a person is there to be asked.
    var isInteractive: Bool {
        world.terminal.isInputTerminal && world.terminal.isErrorTerminal && !isJSON
    }

    /// Writes lines to standard output.
    func lines(_ lines: [String]) { for line in lines { world.terminal.write(line + "\n") } }

    /// Writes one line to standard output.
    func line(_ text: String = "") { lines([text]) }

    /// Writes text as it is to standard output.
    func text(_ text: String) { world.terminal.write(text.hasSuffix("\n") ? text : text + "\n") }

    /// Writes lines to standard error.
    func errors(_ lines: [String]) {
        for line in lines { world.terminal.writeError(line + "\n") }
    }

    /// Says something to the person who waits, on standard error.
    func note(_ text: String) { errors([text]) }

    /// Warns, on standard error.
    func warn(_ text: String, hint: String? = nil) {
        errors(FailureView.lead("warning: ", .warning, text, errorStyle, errorWidth))
        if let hint { errors(FailureView.lead("  hint: ", .faint, hint, errorStyle, errorWidth)) }
    }

    /// Ends the line on which a terminal has echoed `^C` behind a question.
    func endInterruptedLine() { if isInteractive { note("") } }

    /// Writes a document as one line of canonical JSON (RFC 8785) to standard output.
    func json(_ document: some Encodable) {
        do {
            text(String(decoding: try CanonicalJSON.bytes(of: document), as: UTF8.self))
        } catch {
            preconditionFailure("a document of a view always encodes: \(error)")
        }
    }

    private func style(isTerminal: Bool) -> Style {
        switch color {
        case .always: Style(isColored: true)
        case .never: .plain
        case .auto:
            Style(
                isColored: isTerminal && (world.environment["NO_COLOR"] ?? "").isEmpty
                    && world.environment["TERM"] != "dumb")
        }
    }
}
