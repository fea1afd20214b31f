import Runbooks
import Runner

/// Reads alerts that nobody vouches for: Alertmanager's JSON, or `key=value` lines.
enum AlertReading {
    /// The most bytes of a file with alerts.
    static let largest = 1 << 20
    /// The most alerts of one file.
    static let mostAlerts = 500
    /// The most labels, and the most annotations, of one alert.
    static let mostPairs = 100
    /// The most bytes of a label's or an annotation's name.
    static let longestName = 128
    /// The most bytes of one value.
    static let longestValue = 8192

    /// The alerts in the bytes, at least one.
    ///
    /// - Throws: `Failure` (invalidInput, `alert`) with what is wrong and where.
    static func read(_ bytes: [UInt8], from source: String) throws -> [Alert] {
        guard bytes.count <= largest else { throw refusal(source, "it has more than 1 MiB") }
        let first = bytes.first { !" \t\r\n".utf8.contains($0) }
        guard let first else { throw refusal(source, "it is empty") }
        let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        let drafts = isJSON ? try json(bytes, source) : try lines(bytes, source)
        guard drafts.count <= mostAlerts else {
            throw refusal(source, "it has \(drafts.count) alerts, and \(mostAlerts) are read")
        }
        return try drafts.enumerated().map { index, draft in
            try alert(draft, drafts.count == 1 ? "" : "alert \(index + 1): ", source)
        }
    }

    /// An alert before its limits are checked.
    private struct Draft {
        var labels: [String: String] = [:]
        var annotations: [String: String] = [:]
        var status = "firing"
        var started: String?
        var link: String?
    }

    private static func alert(
        _ draft: Draft, _ place: String, _ source: String
    ) throws -> Alert {
        for (what, pairs) in [("labels", draft.labels), ("annotations", draft.annotations)] {
            guard pairs.count <= mostPairs else {
                throw refusal(source, "\(place)it has more than \(mostPairs) \(what)")
            }
            for (name, value) in pairs {
                guard !name.isEmpty, name.utf8.count <= longestName,
                    value.utf8.count <= longestValue
                else {
                    throw refusal(
                        source, "\(place)\(printableExcerpt(name)) in its \(what) is too long")
                }
            }
        }
        guard let name = draft.labels["alertname"], !name.isEmpty else {
            throw refusal(source, "\(place)it has no label alertname, which is its name")
        }
        guard let status = Alert.Status(rawValue: draft.status) else {
            throw refusal(
                source,
                "\(place)its status is \(printableExcerpt(draft.status)), "
                    + "neither firing nor resolved")
        }
        return Alert(
            name: name, status: status, labels: draft.labels, annotations: draft.annotations,
            started: draft.started, source: draft.link)
    }

    // MARK: JSON

    private static func json(_ bytes: [UInt8], _ source: String) throws -> [Draft] {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONReader.read(bytes, largest: largest)
        } catch {
            throw refusal(source, "it is no JSON: byte \(error.offset): \(error.message)")
        }
        let elements: [JSONValue]
        switch document {
        case .array(let list): elements = list
        case .object(let members):
            switch members["alerts"] {
            case .array(let list)?: elements = list
            case nil: elements = [document]
            default: throw refusal(source, "'alerts' in it is no list")
            }
        default: throw refusal(source, "it is neither an object nor a list")
        }
        guard !elements.isEmpty else { throw refusal(source, "its list of alerts is empty") }
        return try elements.enumerated().map { index, element in
            try draft(element, elements.count == 1 ? "" : "alert \(index + 1): ", source)
        }
    }

    private static func draft(
        _ value: JSONValue, _ place: String, _ source: String
    ) throws -> Draft {
        guard case .object(let members) = value, members["labels"] != nil else {
            throw refusal(source, "\(place)it is no object with 'labels'")
        }
        var draft = Draft()
        draft.labels = try texts(members["labels"], "\(place)'labels'", source)
        draft.annotations = try texts(members["annotations"], "\(place)'annotations'", source)
        switch members["status"] {
        case .string(let status)?: draft.status = status
        // What Alertmanager's own list of alerts says: active, suppressed or unprocessed.
        case .object, nil: draft.status = "firing"
        default: throw refusal(source, "\(place)'status' is no text")
        }
        if case .string(let text)? = members["startsAt"] { draft.started = limited(text) }
        if case .string(let text)? = members["generatorURL"], !text.isEmpty {
            draft.link = limited(text)
        }
        return draft
    }

    private static func texts(
        _ value: JSONValue?, _ what: String, _ source: String
    ) throws -> [String: String] {
        guard let value, value != .null else { return [:] }
        guard case .object(let members) = value else {
            throw refusal(source, "\(what) is no object")
        }
        var texts: [String: String] = [:]
        for (name, member) in members {
            guard case .string(let text) = member else {
                throw refusal(source, "\(what) has no text for \(printableExcerpt(name))")
            }
            texts[name] = text
        }
        return texts
    }

    private static func limited(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestValue / 4)))
    }

    // MARK: Lines

    /// One `key=value` a line; an empty line ends an alert.
    private static func lines(_ bytes: [UInt8], _ source: String) throws -> [Draft] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw refusal(source, "it is not UTF-8")
        }
        var drafts: [Draft] = []
        var current: Draft?
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            let place = "line \(index + 1)"
            guard !line.allSatisfy(\.isWhitespace) else {
                if let ended = current { drafts.append(ended) }
                current = nil
                continue
            }
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                throw refusal(
                    source,
                    "\(place) is neither JSON nor key=value: \(printableExcerpt(String(line)))")
            }
            let key = String(line[..<equals].trimmingPrefix { $0.isWhitespace })
            var draft = current ?? Draft()
            try take(key, unquoted(line[line.index(after: equals)...]), place, source, &draft)
            current = draft
        }
        if let ended = current { drafts.append(ended) }
        return drafts
    }

    private static func take(
        _ key: String, _ value: String, _ place: String, _ source: String, _ draft: inout Draft
    ) throws {
        func put(_ name: String, _ pairs: inout [String: String]) throws {
            guard pairs.updateValue(value, forKey: name) == nil else {
                throw refusal(source, "\(place) gives \(printableExcerpt(key)) again")
            }
        }
        let annotation = "annotations."
        let label = "labels."
        switch key {
        case "status": draft.status = value
        case "startsAt": draft.started = limited(value)
        case "generatorURL": draft.link = limited(value)
        case _ where key.hasPrefix(annotation):
            try put(String(key.dropFirst(annotation.count)), &draft.annotations)
        case _ where key.hasPrefix(label):
            try put(String(key.dropFirst(label.count)), &draft.labels)
        default: try put(key, &draft.labels)
        }
    }

    /// A value without the quotes around it.
    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, let first = text.first, first == "\"" || first == "'",
            text.last == first
        else { return String(text) }
        return String(text.dropFirst().dropLast())
    }

    private static func refusal(_ source: String, _ problem: String) -> Failure {
        Failure(
            .invalidInput, code: "alert",
            "\(source == "-" ? "Standard input" : printableExcerpt(source)) can't be read as an "
                + "alert: \(problem). Nothing was started.",
            hint: "give Alertmanager's webhook JSON, or lines such as alertname=DiskFull and "
                + "instance=mbx01:9100")
    }
}
