import Audit
import Foundation
import Runbooks
import Runner

/// Why a command could not do its job, as it is shown to people and programs.
struct Failure: Error, Sendable {
    /// A stable name, such as `plan.unknownRunbook`.
    let code: String
    let exit: ExitCode
    /// What is wrong, on what, in one sentence.
    let message: String
    /// What to do next.
    let hint: String?
    /// Everything that was found in documents or parameters.
    let diagnostics: [Diagnostic]

    init(
        _ exit: ExitCode, code: String, _ message: String, hint: String? = nil,
        diagnostics: [Diagnostic] = []
    ) {
        self.exit = exit
        self.code = code
        self.message = message
        self.hint = hint
        self.diagnostics = diagnostics
    }

    /// The failure for any error; one that nobody foresaw is an internal error.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as PlanError:
            self.init(
                ExitCode(error.code), code: "plan.\(error.code)", error.message, hint: error.hint)
        case let error as SelectionError:
            self.init(
                ExitCode(error.code), code: "selection.\(error.code)", error.message,
                hint: error.hint)
        case let error as JournalError:
            self.init(
                ExitCode(error.code), code: "journal.\(error.code)", error.message,
                hint: error.hint)
        case let error as HomeError:
            self.init(
                ExitCode(error.code), code: "home.\(error.code)", error.message, hint: error.hint)
        case let error as LibraryError:
            self.init(
                ExitCode(error.code), code: "library.\(error.code)", error.message,
                hint: error.hint)
        case let error as TrustError:
            self.init(
                ExitCode(error.code), code: "trust.\(error.code)", error.message,
                hint: error.hint)
        case is CancellationError:
            self.init(.aborted, code: "cancelled", "Cancelled.")
        default:
            self.init(
                .internalError, code: "internal", "Something unforeseen failed: \(error)",
                hint: "This is a fault of Handrail's; please report it with these words.")
        }
    }

    /// Shows it: on standard error, or as a JSON document on standard output.
    func show(on console: Console) {
        if console.isJSON {
            console.json(FailureDocument(error: FailureDocument.Problem(self)))
        } else {
            console.errors(
                FailureView.lines(self, style: console.errorStyle, width: console.errorWidth))
        }
    }
}

/// The JSON form of a failure.
struct FailureDocument: Encodable, Sendable {
    /// What went wrong.
    struct Problem: Encodable, Sendable {
        let code: String
        let exit: Int32
        let message: String
        let hint: String?
        let diagnostics: [Diagnostic]

        init(_ failure: Failure) {
            code = failure.code
            exit = failure.exit.rawValue
            message = failure.message
            hint = failure.hint
            diagnostics = failure.diagnostics
        }
    }

    var format = 1
    let error: Problem
}

/// The human form of failures and diagnostics.
enum FailureView {
    /// The lines for a failure: the diagnostics, the sentence, the hint.
    ///
    /// Without a width nothing is wrapped.
    static func lines(_ failure: Failure, style: Style, width: Int? = nil) -> [String] {
        failure.diagnostics.flatMap { lines($0, style: style, width: width) }
            + lead("error: ", .bad, failure.message, style, width)
            + (failure.hint.map { lead("  hint: ", .faint, $0, style, width) } ?? [])
    }

    /// A sentence behind its name, wrapped under it, as is what stands on lines of its own below the
    /// sentence; without a width nothing is wrapped.
    static func lead(
        _ name: String, _ tone: Tone, _ text: String, _ style: Style, _ width: Int?
    ) -> [String] {
        let indent = name.utf8.count
        let margin = String(repeating: " ", count: indent)
        return SafeText.lines(text).flatMap { line -> [String] in
            guard let width else { return [margin + line] }
            let own = line.prefix { $0 == " " }.count
            let below = own > 0 ? own + 2 : 0
            return TextWidth.wrapped(line, width: width - below, indent: indent).enumerated().map {
                let more = $0 == 0 ? own : below
                return margin + String(repeating: " ", count: more) + $1.dropFirst(indent)
            }
        }.enumerated().map {
            $0 == 0 ? style.paint(name, tone) + $1.dropFirst(indent) : $1
        }
    }

    /// The lines for a diagnostic: place, sentence, the offending text with a caret, the hint.
    ///
    /// Without a width nothing is wrapped.
    static func lines(_ diagnostic: Diagnostic, style: Style, width: Int? = nil) -> [String] {
        let place = diagnostic.position.map {
            printable($0.file.utf8, keepNewlines: false) + ":\($0.line):\($0.column): "
        }
        let isError = diagnostic.severity == .error
        let message = printable(diagnostic.message.utf8, keepNewlines: false)
        let severity = "\(diagnostic.severity.rawValue): "
        let start =
            style.paint(place ?? "", .strong) + style.paint(severity, isError ? .bad : .warning)
        var lines = [start + message + style.paint(" [\(diagnostic.code)]", .faint)]
        let plain = (place ?? "") + severity + message + " [\(diagnostic.code)]"
        if let width, TextWidth.of(plain) > width {
            // The place is copied, so it stays whole on the first line.
            lines =
                [start]
                + TextWidth.wrapped(message + " [\(diagnostic.code)]", width: width, indent: 4)
        }
        if let excerpt = diagnostic.excerpt, !excerpt.isEmpty {
            let whole = printable(excerpt.utf8, keepNewlines: false)
            let shown = width.map { TextWidth.cut(whole, to: max(8, $0 - 4)) } ?? whole
            lines.append("    " + shown)
            let width = min(TextWidth.of(shown), 60)
            lines.append("    " + style.paint(String(repeating: "^", count: width), .bad))
        }
        if let hint = diagnostic.hint { lines += lead("  hint: ", .faint, hint, style, width) }
        return lines
    }
}
