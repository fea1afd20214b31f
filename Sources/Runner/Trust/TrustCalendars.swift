import Runbooks

/// The calendars of trust: files that say when changes may run, whatever a library says.
package struct TrustCalendars: Sendable, Hashable {
    /// The zone of days and of times that name none.
    package let timezone: String
    /// The files' bytes, by their paths.
    package let files: [String: [UInt8]]

    package init(timezone: String, files: [String: [UInt8]]) {
        (self.timezone, self.files) = (timezone, files)
    }
}

extension TrustReading {
    /// The files that environments name; what isn't there, or what none of them names, is reported.
    mutating func calendars(
        of documents: TrustDocuments, in tree: LibraryTree
    ) -> TrustCalendars? {
        let folder = TrustDocuments.calendarsFolder
        var files: [String: [UInt8]] = [:]
        for text in (documents.floors ?? []).flatMap({ $0.windows + $0.freezes }) {
            guard TrustDocuments.isCalendar(text.text) else {
                error(
                    "bad-path", "This is no path of a calendar.", at: text.position,
                    excerpt: text.text, hint: "Such as calendars/weekend.ics.")
                continue
            }
            guard let entry = tree.entries[text.text] else {
                error(
                    "missing-file", "There is no such file.", at: text.position,
                    excerpt: text.text, hint: "It is looked for in the trust folder.")
                continue
            }
            files[text.text] = entry.bytes
        }
        for path in tree.entries.keys where path.hasPrefix(folder) && files[path] == nil {
            let shown = printable(path.utf8.prefix(120), keepNewlines: false)
            error(
                "unexpected-file", "No environment names '\(shown)'.",
                at: SourcePosition(file: path, line: 1, column: 1),
                hint: "Name it in windows or freezes, or remove it.")
        }
        guard let timezone = documents.timezone, !files.isEmpty else { return nil }
        return TrustCalendars(timezone: timezone.text, files: files)
    }
}
