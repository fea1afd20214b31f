internal import CYaml

/// One event of libyaml's pull parser, copied out of its memory.
enum YamlEvent {
    case scalar(String, YamlNode.Style)
    case alias
    case listStart
    case mappingStart
    /// The end of the innermost list or mapping.
    case end
    case documentStart
    case streamEnd
    /// Events that carry nothing: the start of the stream, the end of a document.
    case other
}

/// An event with its place and with what this format refuses on it.
struct YamlPlacedEvent {
    let event: YamlEvent
    let start: YamlMark
    let end: YamlMark
    /// Whether an anchor stands before the value.
    let hasAnchor: Bool
    /// The tag as written, if there is one.
    let tag: String?
}

/// Why libyaml could not go on.
struct YamlSyntaxError: Error {
    /// libyaml's own words.
    let problem: String
    let mark: YamlMark
    /// Where the part starts that it was reading, if it says so.
    let context: YamlMark?
    /// Where the last text in quotes starts, if it ends on a later line.
    let longQuote: YamlMark?
}

/// The events of a YAML text, one at a time, from libyaml.
///
/// WHY NOT Yams' `compose`: it resolves aliases, recurses as deep as the document, and stops at
/// the first duplicate key. Its C parser does none of that, and is what this reads. The text must
/// be UTF-8 without control characters.
///
/// A class because it owns libyaml's memory and frees it once.
final class YamlEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var longQuote: YamlMark?

    init(_ bytes: [UInt8]) {
        // SAFETY: both allocations live as long as this object and are freed in `deinit` alone;
        // libyaml keeps a pointer to `input`, which is never moved or written again.
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(fromContentsOf: bytes)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deinitialize(count: 1)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event.
    ///
    /// - Throws: `YamlSyntaxError`; nothing more can be read then.
    func next() throws(YamlSyntaxError) -> YamlPlacedEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        let properties = Self.properties(of: event)
        noteLongQuote(event)
        return YamlPlacedEvent(
            event: Self.copy(of: event), start: YamlMark(event.start_mark),
            end: YamlMark(event.end_mark), hasAnchor: properties.hasAnchor, tag: properties.tag)
    }

    private func syntaxError() -> YamlSyntaxError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "unreadable"
        let hasContext = parser.pointee.context != nil
        return YamlSyntaxError(
            problem: problem, mark: YamlMark(parser.pointee.problem_mark),
            context: hasContext ? YamlMark(parser.pointee.context_mark) : nil,
            longQuote: longQuote)
    }

    private func noteLongQuote(_ event: yaml_event_t) {
        guard event.type == YAML_SCALAR_EVENT else { return }
        let isLong =
            Self.style(event.data.scalar.style) == .quoted
            && event.start_mark.line < event.end_mark.line
        longQuote = isLong ? YamlMark(event.start_mark) : nil
    }

    private static func copy(of event: yaml_event_t) -> YamlEvent {
        switch event.type {
        case YAML_SCALAR_EVENT:
            // SAFETY: libyaml owns `length` bytes at `value` until the event is deleted; they are
            // copied here.
            let bytes = UnsafeBufferPointer(
                start: event.data.scalar.value, count: event.data.scalar.length)
            return .scalar(
                String(decoding: bytes, as: UTF8.self), style(event.data.scalar.style))
        case YAML_ALIAS_EVENT: return .alias
        case YAML_SEQUENCE_START_EVENT: return .listStart
        case YAML_MAPPING_START_EVENT: return .mappingStart
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .end
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_STREAM_END_EVENT: return .streamEnd
        default: return .other
        }
    }

    private static func style(_ style: yaml_scalar_style_t) -> YamlNode.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE, YAML_DOUBLE_QUOTED_SCALAR_STYLE: .quoted
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .plain
        }
    }

    private static func properties(of event: yaml_event_t) -> (hasAnchor: Bool, tag: String?) {
        switch event.type {
        case YAML_SCALAR_EVENT:
            (event.data.scalar.anchor != nil, text(event.data.scalar.tag))
        case YAML_SEQUENCE_START_EVENT:
            (event.data.sequence_start.anchor != nil, text(event.data.sequence_start.tag))
        case YAML_MAPPING_START_EVENT:
            (event.data.mapping_start.anchor != nil, text(event.data.mapping_start.tag))
        default: (false, nil)
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        // SAFETY: libyaml ends its strings with a zero byte and owns them until the event is
        // deleted; they are copied here.
        pointer.map { String(cString: $0) }
    }
}

extension YamlMark {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
