/// Values of a mapping's keys, read within the limits of the part's table.
extension DocumentReading {
    /// One line of text.
    mutating func line(_ fields: Fields, _ key: String, _ what: String) -> String? {
        for case .line(let limit) in fields.part.shape(of: key).alternatives {
            return line(fields[key], what, limit: limit)
        }
        // A name is read as a line first; its own grammar is stricter.
        return line(fields[key], what)
    }

    /// Text of one or more lines.
    mutating func text(_ fields: Fields, _ key: String, _ what: String) -> String? {
        for case .text(let limit) in fields.part.shape(of: key).alternatives {
            return text(fields[key], what, limit: limit)
        }
        preconditionFailure("'\(key)' of \(fields.part.name) is no text")
    }

    /// A whole number.
    mutating func integer(_ fields: Fields, _ key: String, _ what: String) -> Int? {
        for case .integer(let range) in fields.part.shape(of: key).alternatives {
            return integer(fields[key], what, range)
        }
        preconditionFailure("'\(key)' of \(fields.part.name) is no integer")
    }

    /// A length of time.
    mutating func time(_ fields: Fields, _ key: String, _ what: String) -> Duration? {
        for case .time(let range) in fields.part.shape(of: key).alternatives {
            return self.time(fields[key], what, range)
        }
        preconditionFailure("'\(key)' of \(fields.part.name) is no time")
    }

    /// A size in bytes.
    mutating func size(_ fields: Fields, _ key: String, _ what: String) -> Int? {
        for case .size(let range) in fields.part.shape(of: key).alternatives {
            return size(fields[key], what, range)
        }
        preconditionFailure("'\(key)' of \(fields.part.name) is no size")
    }

    /// The elements of a list.
    mutating func elements(_ fields: Fields, _ key: String, _ what: String) -> [YamlNode]? {
        let count = fields.part.count(of: key)
        return elements(fields[key], what, limit: count.range.upperBound, orOne: count.orOne)
    }

    /// A list of lines.
    mutating func lines(_ fields: Fields, _ key: String, _ what: String) -> [String]? {
        elements(fields, key, what)?.compactMap { line($0, "an element of \(what)") }
    }

    /// The pairs of a mapping of the author's own names; too many are reported, and read.
    mutating func entries(_ fields: Fields, _ key: String, _ what: String) -> [YamlNode.Pair]? {
        guard let node = fields[key], let pairs = mapping(node, what) else { return nil }
        let limit = fields.part.count(of: key).range.upperBound
        if pairs.count > limit {
            error(
                "too-large", "There are \(pairs.count) \(what); \(limit) is the limit.",
                at: node.start)
        }
        return pairs
    }
}
