/// Reads one YAML document within the format's limits, and goes on after each problem.
struct YamlLoader {
    static let greatestSize = 1 << 20
    static let greatestDepth = 32
    static let greatestCount = 50_000
    /// How many syntax errors are worked around before reading stops: as many as are shown.
    static let greatestRepairs = DocumentReading.greatestProblems
    /// How many of them at least, whatever the document's size.
    static let leastRepairs = 20
    /// How many bytes may be read again in all, since each repair means a reading from the start.
    static let greatestRereading = leastRepairs * greatestSize

    /// A document's root, with the source it was read from and everything that was found.
    struct Result {
        /// Nil when nothing could be read.
        let root: YamlNode?
        /// The text as the author wrote it.
        let source: YamlSource
        let diagnostics: [Diagnostic]
        /// What repairs left out of the reading.
        var gaps = YamlGaps()
    }

    /// How many syntax errors of a document of this size are worked around.
    static func repairs(ofBytes count: Int) -> Int {
        min(greatestRepairs, max(leastRepairs, greatestRereading / max(1, count)))
    }

    /// Reads a document's bytes.
    static func load(_ bytes: [UInt8], file: String) -> Result {
        let screened = YamlScreening.screen(bytes, file: file)
        guard let clean = screened.clean else {
            return Result(
                root: nil, source: screened.source, diagnostics: screened.diagnostics)
        }
        var text = clean
        var diagnostics = screened.diagnostics
        var gaps = YamlGaps()
        var last: YamlSlip?
        let most = repairs(ofBytes: bytes.count)
        for round in 0...most {
            var composer = YamlComposer(text, writtenAs: clean, gaps: gaps)
            do {
                let root = try composer.compose()
                return Result(
                    root: root, source: screened.source,
                    diagnostics: diagnostics + composer.diagnostics, gaps: gaps)
            } catch {
                let slip = YamlSlip(error: error, text: text, written: clean)
                let repair = last?.isSame(as: slip) == true ? slip.lostLine() : slip.repair()
                guard round < most, let repair else {
                    diagnostics.append(slip.description)
                    return Result(
                        root: nil, source: screened.source,
                        diagnostics: diagnostics + composer.diagnostics)
                }
                diagnostics.append(repair.diagnostic)
                gaps.add(repair)
                text.apply(repair.edits)
                last = slip
            }
        }
        return Result(root: nil, source: screened.source, diagnostics: diagnostics)
    }
}

/// What repairs left out of a reading, so that nothing is said about it that isn't known.
struct YamlGaps {
    /// Where values start that stand there and can't be read.
    private(set) var values: Set<YamlMark> = []
    /// Lines that were left out.
    private(set) var lines: Set<Int> = []
    /// Whether names may be among what was left out.
    private(set) var mayHoldNames = false

    /// Whether nothing was left out.
    var isEmpty: Bool { values.isEmpty && lines.isEmpty }

    fileprivate mutating func add(_ repair: YamlRepair) {
        if let value = repair.lostValue { values.insert(value) }
        if let line = repair.lostLine { lines.insert(line) }
        if repair.mayHoldNames { mayHoldNames = true }
    }
}

/// Builds the tree of nodes from libyaml's events, with all limits.
struct YamlComposer {
    private let text: YamlSource
    private let source: YamlSource
    private let events: YamlEvents
    private let gaps: YamlGaps
    private var count = 0
    private(set) var diagnostics: [Diagnostic] = []

    /// A limit was met: what was reported says which.
    private struct LimitMet: Error {}

    /// Reads a text; places are shown in the document as it was written.
    init(_ text: YamlSource, writtenAs source: YamlSource, gaps: YamlGaps) {
        self.text = text
        self.source = source
        self.gaps = gaps
        self.events = YamlEvents(text.bytes)
    }

    /// The document's root; nil after a limit was met, or without a document.
    ///
    /// - Throws: `YamlSyntaxError`.
    mutating func compose() throws(YamlSyntaxError) -> YamlNode? {
        do {
            return try document()
        } catch let error as YamlSyntaxError {
            throw error
        } catch {
            return nil
        }
    }

    /// The next event, placed in the document as it was written.
    private func next() throws(YamlSyntaxError) -> YamlPlacedEvent {
        let event = try events.next()
        return YamlPlacedEvent(
            event: event.event, start: text.written(event.start), end: text.written(event.end),
            hasAnchor: event.hasAnchor, tag: event.tag)
    }

    private mutating func document() throws -> YamlNode? {
        var root: YamlNode?
        while true {
            let event = try next()
            switch event.event {
            case .streamEnd:
                if root == nil {
                    report(
                        "several-documents", "The file holds no document.",
                        event.start, hint: "Start it with `handrail: 1`.")
                }
                return root
            case .documentStart where root != nil:
                report(
                    "several-documents", "A second document starts here; a file holds one.",
                    event.start, hint: "Put each document in a file of its own.")
                return root
            case .documentStart, .other: continue
            default: root = try node(event, depth: 1)
            }
        }
    }

    private mutating func node(_ event: YamlPlacedEvent, depth: Int) throws -> YamlNode {
        count += 1
        if count > YamlLoader.greatestCount {
            report(
                "too-large", "The document has more than \(YamlLoader.greatestCount) values.",
                event.start, hint: "Split it.")
            throw LimitMet()
        }
        refuseProperties(of: event)
        if gaps.values.contains(event.start), case .scalar = event.event {
            return YamlNode(content: .unreadable, start: event.start, end: event.end)
        }
        switch event.event {
        case .scalar(let text, let style):
            let isTagged = event.tag != nil || event.hasAnchor
            return YamlNode(
                content: isTagged && text.isEmpty ? .unreadable : .scalar(text, style),
                start: event.start, end: event.end)
        case .listStart:
            try descend(depth, at: event.start)
            return YamlNode(
                content: .list(try elements(depth)), start: event.start, end: event.start)
        case .mappingStart:
            try descend(depth, at: event.start)
            let (content, end) = try pairs(depth, event.start)
            return YamlNode(content: content, start: event.start, end: end)
        default:
            return YamlNode(content: .unreadable, start: event.start, end: event.end)
        }
    }

    private mutating func descend(_ depth: Int, at mark: YamlMark) throws {
        guard depth > YamlLoader.greatestDepth else { return }
        report(
            "too-deep",
            "Lists and mappings nest deeper than \(YamlLoader.greatestDepth) here.", mark)
        throw LimitMet()
    }

    private mutating func elements(_ depth: Int) throws -> [YamlNode] {
        var elements: [YamlNode] = []
        while true {
            let event = try next()
            if case .end = event.event { return elements }
            elements.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func pairs(
        _ depth: Int, _ start: YamlMark
    ) throws -> (YamlNode.Content, end: YamlMark) {
        var pairs: [YamlNode.Pair] = []
        var lines: [String: Int] = [:]
        var isReadable = true
        while true {
            let event = try next()
            if case .end = event.event {
                return (isReadable ? .mapping(pairs) : .unreadable, event.start)
            }
            let key = try node(event, depth: depth + 1)
            let value = try node(try next(), depth: depth + 1)
            guard let name = key.text else {
                reportKey(key, start)
                isReadable = false
                continue
            }
            if let line = lines[name] {
                report(
                    "duplicate-key", "'\(Excerpt.line(name))' stands twice in this mapping.",
                    key.start, hint: "The first one is on line \(line). Remove one of them.")
                continue
            }
            lines[name] = key.start.line
            pairs.append(YamlNode.Pair(key: name, keyMark: key.start, value: value))
        }
    }

    private mutating func reportKey(_ key: YamlNode, _ start: YamlMark) {
        if source.text(from: start).hasPrefix("{{") {
            report(
                "text-trap", "YAML reads '{{' without quotes as a mapping, not as text.",
                start,
                hint: "Put quotes around the text. A parameter's value is `$name`, alone.")
        } else if case .unreadable = key.content {
            return
        } else {
            report(
                "wrong-type", "A key is text here, and this is \(key.kindInWords).", key.start)
        }
    }

    private mutating func refuseProperties(of event: YamlPlacedEvent) {
        if let tag = event.tag {
            report(
                "yaml-tag",
                "'\(Excerpt.line(tag))' is a YAML tag; the format decides types, not tags.",
                event.start, hint: "Remove it; if it is text, put quotes around it.")
        }
        if event.hasAnchor {
            report(
                "yaml-alias", "'&' without quotes makes a YAML anchor, and those are not allowed.",
                event.start, hint: "If it is text, put quotes around it; else remove it.")
        }
        if case .alias = event.event {
            report(
                "yaml-alias", "'*' without quotes makes a YAML alias, and those are not allowed.",
                event.start,
                hint: "If it is text, put quotes around it; else write the value out.")
        }
    }

    private mutating func report(
        _ code: String, _ message: String, _ mark: YamlMark, hint: String? = nil
    ) {
        guard diagnostics.count <= DocumentReading.greatestProblems else { return }
        diagnostics.append(
            .error(
                code, message, at: source.position(mark), excerpt: source.excerpt(mark),
                hint: hint))
    }
}
