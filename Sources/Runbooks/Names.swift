/// A name that was checked against its own grammar when it was made.
///
/// Each kind of name is a type of its own, so that a step's id can't be passed where a target's
/// name is meant. `init(rawValue:)` answers nil for text outside the grammar.
package protocol CheckedName: RawRepresentable<String>, Hashable, Sendable, Codable, Comparable,
    CustomStringConvertible
{
    /// What the name may look like, in words for a diagnostic.
    static var grammar: String { get }
}

extension CheckedName {
    /// The name as people write it.
    package var description: String { rawValue }

    /// Whether the first name sorts before the second, by UTF-8 bytes.
    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue.utf8.lexicographicallyPrecedes(right.rawValue.utf8)
    }

    /// Reads a name from one string; text outside the grammar is a decoding error.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = Self(rawValue: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no name here: \(Self.grammar)")
        }
        self = name
    }

    /// Writes the name as one string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// The id of a runbook: dotted lower-case words, such as `mailbox.slow-server`.
package struct RunbookID: CheckedName {
    /// The dotted words, as they stand under `id` in the document.
    package let rawValue: String
    /// The grammar, as diagnostics word it.
    package static let grammar =
        "words of a-z, 0-9 and '-', joined by dots, each starting with a letter, 128 at most"

    package init?(rawValue: String) {
        guard rawValue.utf8.count <= 128, NameGrammar.isDottedWords(rawValue) else { return nil }
        self.rawValue = rawValue
    }
}

/// The id of a step within its runbook, or of one item of a step with `for_each`.
///
/// A document has plain ids only; `restart[dovecot]` is what the engine calls the item.
package struct StepID: CheckedName {
    /// The word, as it stands under `id` in the step; for an item, its name in brackets after it.
    package let rawValue: String
    /// The grammar, as diagnostics word it.
    package static let grammar = "a-z, 0-9 and '-', starting with a letter, 63 at most"
    /// The longest text that names its item by itself, in bytes.
    package static let longestItemName = 48

    /// A step's id as documents write it: no item's.
    package init?(rawValue: String) {
        guard rawValue.utf8.count <= 63, NameGrammar.isWord(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// The id of one item of a step: by its text where that is a plain word, else by its number.
    ///
    /// Ids of different items differ as long as no text stands twice in the list.
    package init(_ step: StepID, item text: String, number: Int) {
        let name = NameGrammar.isItemName(text) ? text : "#\(number)"
        rawValue = "\(step.step.rawValue)[\(name)]"
    }

    /// An id of a step or of an item, as plans and journals have it.
    package init?(recorded text: String) {
        guard Self.isStepOrItem(text) else { return nil }
        rawValue = text
    }

    /// Reads an id of a step or of an item, as plans and journals have it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = StepID(recorded: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no step here: \(Self.grammar)")
        }
        self = id
    }

    /// Whether it is one item of a step.
    package var isItem: Bool { rawValue.utf8.last == UInt8(ascii: "]") }

    /// The id of the step that an item belongs to; itself for a step without items.
    package var step: StepID {
        guard isItem, let end = rawValue.firstIndex(of: "[") else { return self }
        return StepID(unchecked: String(rawValue[..<end]))
    }

    private init(unchecked text: String) { rawValue = text }

    private static func isStepOrItem(_ text: String) -> Bool {
        guard text.utf8.last == UInt8(ascii: "]"), let start = text.firstIndex(of: "[") else {
            return StepID(rawValue: text) != nil
        }
        let item = text[text.index(after: start)...].dropLast()
        let isNumber =
            item.hasPrefix("#") && item.utf8.count <= 4
            && item.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
        return StepID(rawValue: String(text[..<start])) != nil
            && (isNumber || NameGrammar.isItemName(String(item)))
    }
}

/// The name of a parameter, an output, or an environment variable given by `with`.
package struct ParameterName: CheckedName {
    /// The word, without a dollar sign.
    package let rawValue: String
    /// The grammar, as diagnostics word it.
    package static let grammar =
        "a-z, 0-9 and '_', starting with a letter, 32 at most, and no reserved name"

    package init?(rawValue: String) {
        guard NameGrammar.isParameter(rawValue), !NameGrammar.isReserved(rawValue) else {
            return nil
        }
        self.rawValue = rawValue
    }
}

/// The name of a target in the inventory, such as `mbx01a` or `hub-07.eu`.
package struct TargetName: CheckedName {
    /// The name as the inventory spells it; case counts.
    package let rawValue: String
    /// The grammar, as diagnostics word it.
    package static let grammar =
        "a-z, A-Z, 0-9, '.', '-' and '_', starting with a letter or digit, 253 at most"

    package init?(rawValue: String) {
        guard rawValue.utf8.count <= 253, NameGrammar.isTarget(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// A name as journals and trails have it: a target's, or that of something done once.
    package init?(recorded text: String) {
        if let list = WaveList(text: text) {
            self.init(list)
        } else if let shared = SharedStep(text: text) {
            self.init(shared)
        } else {
            self.init(rawValue: text)
        }
    }

    /// What records call a step that is done once for several targets.
    init(_ shared: SharedStep) { rawValue = shared.text }

    /// What records call a wave's list.
    init(_ list: WaveList) { rawValue = list.text }

    /// Reads a name as journals and trails have it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = TargetName(recorded: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no name here: \(Self.grammar)")
        }
        self = name
    }

    /// The wave's list that it names; nil for a target.
    package var waveList: WaveList? { WaveList(self) }
}

/// The grammars of names, as predicates over bytes (docs/format.md, "Names").
package enum NameGrammar {
    /// Names that scripts and shells give a meaning of their own.
    package static let reserved: Set<String> = [
        "path", "ifs", "home", "shell", "user", "logname", "env", "enoexec", "pwd", "oldpwd",
        "ps1", "ps2", "ps4", "optarg", "optind", "lang", "tz", "target", "facts", "alert", "run",
        "true", "false", "and", "or", "not", "in", "has",
    ]

    /// The starts of names that belong to the loader, to the locale, to the engine or to a target.
    package static let reservedPrefixes = ["ld_", "lc_", "bash_", "handrail_", "target_", "git_"]

    /// What the name of something that a typed action is about may hold beside letters and digits.
    package enum Signs: String, Sendable {
        /// Of units (systemd.unit(5)) and of runit's services.
        case service = ".@:_-+\\"
        /// Of Debian packages (deb-control(5)), and with an architecture.
        case package = "+.:-"
        /// Of their versions (deb-version(7)).
        case version = "+.:~-"
    }

    /// Whether the text is a name that a typed action can be given: it starts with a letter or a
    /// digit, has only these and the signs, and 200 bytes at most.
    package static func isActionName(_ text: String, with signs: Signs) -> Bool {
        guard let first = text.utf8.first, isAlphanumeric(first), text.utf8.count <= 200 else {
            return false
        }
        return text.utf8.allSatisfy { isAlphanumeric($0) || signs.rawValue.utf8.contains($0) }
    }

    /// Whether the text has the form `[a-z][a-z0-9_]{0,31}`.
    package static func isParameter(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLower(first), text.utf8.count <= 32 else {
            return false
        }
        return text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// Whether a parameter of this name would change how a script runs, or hide a built-in name.
    package static func isReserved(_ text: String) -> Bool {
        reserved.contains(text) || reservedPrefixes.contains { text.hasPrefix($0) }
    }

    /// Whether the text has the form `[a-z][a-z0-9-]*` and doesn't end in a dash.
    package static func isWord(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLower(first), text.utf8.last != UInt8(ascii: "-")
        else { return false }
        return text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// Whether the text is one or more words joined by single dots.
    package static func isDottedWords(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
            isWord(String($0))
        }
    }

    /// Whether the text can name a target: no separator, space, control byte or leading dash.
    package static func isTarget(_ text: String) -> Bool {
        guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
        return text.utf8.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "_")
        }
    }

    /// Whether a byte can stand in a path that shells take as it is.
    package static func isOfPlainPath(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "._-/".utf8.contains(byte)
    }

    /// Whether an item's text can stand in its id: it is a plain word, safe in paths and terminals.
    package static func isItemName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isAlphanumeric(first),
            text.utf8.count <= StepID.longestItemName
        else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "._@:+-".utf8.contains($0) }
    }

    private static func isLower(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLower(byte) || isDigit(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
