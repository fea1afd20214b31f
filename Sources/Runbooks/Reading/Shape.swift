/// What may stand as the value of a key: the types of docs/format.md, "Values".
///
/// One table of keys and shapes serves both the readers, which take their limits from it, and the
/// JSON Schema that editors use.
indirect enum Shape: Sendable {
    /// The number of the format, `1`.
    case format
    case line(limit: Int)
    case text(limit: Int)
    case truth
    /// A key that can only be `true`.
    case onlyTrue
    case integer(ClosedRange<Int>)
    case time(ClosedRange<Duration>)
    case size(ClosedRange<Int>)
    case date
    case octal
    case account
    case expression
    /// Text, or a reference `$name`.
    case value
    /// A reference `$name` or `$name.name`, and nothing else.
    case reference
    case words([String])
    case name(NamePattern)
    /// A list; with `orOne`, a single element may stand for it.
    case list(of: Shape, ClosedRange<Int>, orOne: Bool)
    /// A mapping whose keys are names of the author's own.
    case mapping(NamePattern, of: Shape, ClosedRange<Int>)
    case part(DocumentPart)
    case either([Shape])
    /// A value of JSON in a request: a value, a list of them, or one that says its kind.
    case member
    /// No value at all.
    case empty

    /// One line of text of the usual length.
    static let line = Shape.line(limit: DocumentReading.longestLine)
    /// Text of the usual length.
    static let text = Shape.text(limit: DocumentReading.longestText)

    /// One of the words that a type has.
    static func word<Word: RawRepresentable<String> & CaseIterable>(of type: Word.Type) -> Shape {
        .words(Word.allCases.map(\.rawValue))
    }

    /// A list of at most so many elements.
    static func list(of shape: Shape, upTo limit: Int) -> Shape {
        .list(of: shape, 0...limit, orOne: false)
    }

    /// One element, or a list of at most so many.
    static func oneOrList(of shape: Shape, upTo limit: Int) -> Shape {
        .list(of: shape, 0...limit, orOne: true)
    }

    /// The shapes it can have: those of an `either`, or itself alone.
    var alternatives: [Shape] {
        if case .either(let shapes) = self { return shapes }
        return [self]
    }
}

/// The grammar of a kind of names, as a regular expression over the whole name.
struct NamePattern: Sendable {
    /// What a definition of the schema is called.
    let name: String
    /// Anchored; in the subset that ECMA 262 and Python share (JSON Schema, draft 7, section 4.3).
    let expression: String
    /// The grammar in words.
    let words: String

    static let runbookID = NamePattern(
        name: "runbook_id",
        expression: "^(?=.{1,128}$)\(word)(\\.\(word))*$", words: RunbookID.grammar)
    static let stepID = NamePattern(
        name: "step_id", expression: "^(?=.{1,63}$)\(word)$", words: StepID.grammar)
    static let parameter: NamePattern = {
        let names = NameGrammar.reserved.sorted().joined(separator: "|")
        let starts = NameGrammar.reservedPrefixes.joined(separator: "|")
        return NamePattern(
            name: "parameter_name",
            expression: "^(?!(\(names))$)(?!\(starts))[a-z][a-z0-9_]{0,31}$",
            words: ParameterName.grammar)
    }()
    static let target = NamePattern(
        name: "target_name", expression: "^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$",
        words: TargetName.grammar)
    static let alias = NamePattern(
        name: "alias", expression: "^[A-Za-z0-9._:\\[\\]%][A-Za-z0-9._:/\\[\\]%-]{0,252}$",
        words: "letters, digits and . - _ : / [ ] %, starting with none of - and /")
    static let label = NamePattern(
        name: "label_name", expression: "^[a-z][a-z0-9_-]{0,62}$", words: LabelGrammar.words)
    static let share = NamePattern(
        name: "share", expression: "^([1-9][0-9]?|100)%$", words: "a share, 1% to 100%")
    /// A parameter, or `target`, which is no parameter's name.
    static let fillable = NamePattern(
        name: "fillable_name", expression: "^[a-z][a-z0-9_]{0,31}$",
        words: "a parameter, or target")
    static let alertPath = NamePattern(
        name: "alert_path", expression: "^alert\\.(labels|annotations)\\.[A-Za-z0-9_]{1,128}$",
        words: "alert.labels.NAME or alert.annotations.NAME")

    private static let word = "[a-z]([a-z0-9-]*[a-z0-9])?"
}
