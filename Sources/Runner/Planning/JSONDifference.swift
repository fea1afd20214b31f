import Runbooks

/// The difference of two JSON values, for people.
enum JSONDifference {
    /// One line for each place that differs, such as `targets[2].address: "a" → "b"`.
    ///
    /// When there are more than `limit`, the last line says how many are left out.
    static func lines(from old: JSONValue, to new: JSONValue, limit: Int) -> [String] {
        var lines: [String] = []
        collect(old, new, at: "", into: &lines)
        guard lines.count > limit else { return lines }
        return Array(lines.prefix(limit - 1)) + ["… and \(lines.count - limit + 1) more"]
    }

    private static func collect(
        _ old: JSONValue, _ new: JSONValue, at path: String, into lines: inout [String]
    ) {
        switch (old, new) {
        case (.object(let before), .object(let now)):
            let keys = Set(before.keys).union(now.keys).sorted(by: CanonicalJSON.precedes)
            for key in keys {
                let place =
                    (path.isEmpty ? "" : path + ".")
                    + printable(key.utf8.prefix(64), keepNewlines: false)
                compare(before[key], now[key], at: place, into: &lines)
            }
        case (.array(let before), .array(let now)):
            for index in 0..<max(before.count, now.count) {
                compare(
                    index < before.count ? before[index] : nil,
                    index < now.count ? now[index] : nil, at: "\(path)[\(index)]", into: &lines)
            }
        default:
            // By bytes: Swift's own equality takes two spellings of one character for the same.
            guard CanonicalJSON.bytes(of: old) != CanonicalJSON.bytes(of: new) else { return }
            lines.append("\(path.isEmpty ? "the plan" : path): \(shown(old)) → \(shown(new))")
        }
    }

    private static func compare(
        _ old: JSONValue?, _ new: JSONValue?, at path: String, into lines: inout [String]
    ) {
        switch (old, new) {
        case (nil, nil): return
        case (let old?, let new?): collect(old, new, at: path, into: &lines)
        case (let old?, nil): lines.append("\(path): \(shown(old)) → nothing")
        case (nil, let new?): lines.append("\(path): nothing → \(shown(new))")
        }
    }

    private static func shown(_ value: JSONValue) -> String {
        if case .string(let text) = value { return printableExcerpt(text) }
        let bytes = CanonicalJSON.bytes(of: value)
        let text = printable(bytes.prefix(60), keepNewlines: false)
        return bytes.count > 60 ? text + "…" : text
    }
}
