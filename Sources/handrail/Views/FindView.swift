import Audit
import Runbooks
import Runner

/// The human form of runbooks that were found.
struct FindView: Sendable {
    let result: LibrarySearch.Result
    let time: ShownTime
    let style: Style
    let width: Int

    /// A paragraph for each, the best first.
    var lines: [String] {
        guard !result.found.isEmpty else { return [] }
        let head =
            result.isPartial
            ? [style.paint("None has all of the words; these have some:", .warning)] : []
        let paragraphs = result.found.map(paragraph).joined(separator: [""])
        return head + paragraphs
            + ["", style.paint("Next: handrail show \(result.found[0].runbook.id)", .faint)]
    }

    private func paragraph(_ found: LibrarySearch.Found) -> [String] {
        let runbook = found.runbook
        var lines = [
            style.paint(runbook.id.rawValue, .strong) + "  " + SafeText.line(runbook.title)
        ]
        let alerts = runbook.symptoms.flatMap(\.alerts)
        if !alerts.isEmpty {
            lines += TextWidth.wrapped(
                "answers " + SafeText.line(CountText.listed(alerts, limit: 6)), width: width,
                indent: 2)
        }
        if found.hit.place == .article, !found.hit.excerpt.isEmpty {
            let excerpt = found.hit.excerpt.split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
            lines += TextWidth.wrapped(SafeText.line(excerpt), width: width, indent: 2)
                .map { style.paint($0, .faint) }
        }
        lines += FlagText.lines(found.flags, time, style, width: width, indent: 2)
        return lines + ["  " + style.paint(found.past.words(time), .faint)]
    }
}

/// The JSON form of runbooks that were found.
struct FindDocument: Encodable, Sendable {
    /// One of them.
    struct Found: Encodable, Sendable {
        let runbook: RunbookID
        let title: String
        let alerts: [String]
        let place: String
        let excerpt: String
        let past: PastUse
        let flags: [RaisedFlag]
    }

    var format = 1
    let library: String
    let found: [Found]
    let isPartial: Bool
    let meant: [String: String]
    /// Why nothing is known of runs and flags; nil where it is.
    let noHistory: String?

    private enum CodingKeys: String, CodingKey {
        case format, library, found, meant
        case isPartial = "is_partial"
        case noHistory = "no_history"
    }

    init(library: String, _ result: LibrarySearch.Result, noHistory: String? = nil) {
        self.library = library
        self.noHistory = noHistory
        isPartial = result.isPartial
        meant = result.meant
        found = result.found.map { found in
            Found(
                runbook: found.runbook.id, title: found.runbook.title,
                alerts: found.runbook.symptoms.flatMap(\.alerts), place: "\(found.hit.place)",
                excerpt: found.hit.excerpt, past: found.past, flags: found.flags)
        }
    }
}
