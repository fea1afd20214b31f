/// One `--limit` or `--exclude`, as it is given.
package enum LimitTerm: Sendable, Hashable {
    /// A list such as `mbx01a,hub*,pilot` (targets, aliases, patterns, groups), or an expression.
    case pattern(String)
    /// Names that were read from `@file`, from standard input, or from a run; the source is shown.
    case names([String], source: String)

    /// The term as a person gave it.
    package var text: String {
        switch self {
        case .pattern(let text): text
        case .names(_, let source): source
        }
    }
}

/// What one term selects of an inventory.
struct TermMatch {
    /// All targets that fit.
    var targets: Set<TargetName> = []
    /// Those that were given by name or alias, not by a pattern, a group or an expression.
    var named: Set<TargetName> = []

    /// Adds what another part of the same list selects.
    mutating func formUnion(_ other: TermMatch) {
        targets.formUnion(other.targets)
        named.formUnion(other.named)
    }
}

/// An inventory, indexed for looking up what terms mean.
struct TargetIndex {
    private static let builtIn = ["name", "environment", "group"]

    let targets: [Target]
    private var named: [String: Target] = [:]
    private var groups: [String: Set<TargetName>] = [:]
    private var labels: [String: Set<String>] = [:]

    init(_ inventory: Inventory) {
        targets = inventory.targets
        for target in inventory.targets {
            for alias in target.aliases where named[alias] == nil { named[alias] = target }
            for group in target.groups { groups[group, default: []].insert(target.name) }
            for (label, values) in target.labels { labels[label, default: []].formUnion(values) }
            for label in Self.builtIn {
                let values = target.scope.lookUp(Expression.Name(parts: [label])) ?? []
                labels[label, default: []].formUnion(values)
            }
        }
        for target in inventory.targets { named[target.name.rawValue] = target }
    }

    /// The target of this name or alias.
    func target(_ name: String) -> Target? { named[name] }

    /// The targets of a group; nil where there is no such group.
    func group(_ name: String) -> Set<TargetName>? { groups[name] }

    /// What a term selects; nothing selected is an error, since it is a mistake far more often
    /// than it is meant.
    func match(_ term: LimitTerm, option: String) throws(SelectionError) -> TermMatch {
        let match: TermMatch
        switch term {
        case .names(let names, _): match = try self.match(names, shown: term.text, option: option)
        case .pattern(let text): match = try self.match(text, option: option)
        }
        return match
    }

    private func match(
        _ names: [String], shown: String, option: String
    ) throws(SelectionError) -> TermMatch {
        guard !names.isEmpty else {
            throw SelectionError(
                .noMatch, "\(option) \(printableExcerpt(shown)) holds no target",
                hint: "leave the option out, if that is meant")
        }
        let unknown = names.filter { named[$0] == nil }
        guard unknown.isEmpty else {
            throw SelectionError(
                .unknownTarget,
                "\(option) \(printableExcerpt(shown)) names what the inventory hasn't: "
                    + Selection.listed(unknown.map { printableExcerpt($0) }),
                hint: unknown.count == 1 ? suggestion(for: unknown[0]) : nil)
        }
        let found = Set(names.compactMap { named[$0]?.name })
        return TermMatch(targets: found, named: found)
    }

    private func match(_ text: String, option: String) throws(SelectionError) -> TermMatch {
        try LimitSyntax.checkOperators(text, option: option)
        guard let items = try LimitSyntax.items(of: text, option: option) else {
            return try match(expression: text, option: option)
        }
        var match = TermMatch()
        for item in items { match.formUnion(try self.match(item: item, option: option)) }
        return match
    }

    private func match(item: String, option: String) throws(SelectionError) -> TermMatch {
        if item.contains(where: { $0 == "*" || $0 == "?" }) {
            let found = targets.map(\.name).filter { LimitSyntax.fits($0.rawValue, glob: item) }
            guard !found.isEmpty else {
                throw SelectionError(
                    .noMatch, "\(option) \(printableExcerpt(item)) fits no target's name",
                    hint: "patterns are for targets' names; `handrail inventory` lists them")
            }
            return TermMatch(targets: Set(found))
        }
        switch (named[item], groups[item]) {
        case (let target?, nil): return TermMatch(targets: [target.name], named: [target.name])
        case (nil, let members?): return TermMatch(targets: members)
        case (let target?, _?):
            throw SelectionError(
                .ambiguous,
                "\(option) \(printableExcerpt(item)) is a group and also names the target "
                    + "\(target.name)",
                hint: "write `group = \(item)` or `name = \(target.name)`")
        case (nil, nil):
            throw SelectionError(
                .unknownTarget,
                "\(option) \(printableExcerpt(item)) is no target, alias or group",
                hint: suggestion(for: item))
        }
    }

    private func match(
        expression text: String, option: String
    ) throws(SelectionError) -> TermMatch {
        let expression: Expression
        switch Expression.parse(text) {
        case .success(let parsed): expression = parsed
        case .failure(let error):
            throw SelectionError(
                .badTerm,
                "\(option) \(printableExcerpt(text)), at byte \(error.offset + 1): "
                    + error.message,
                hint: error.hint)
        }
        for name in expression.names { try checkLabel(name, option: option) }
        let found = targets.filter { expression.holds(in: $0.scope) }.map(\.name)
        guard !found.isEmpty || option == Selection.excludeOption else {
            throw SelectionError(
                .noMatch, "\(option) \(printableExcerpt(text)) fits no target",
                hint: valueHint(for: expression))
        }
        return TermMatch(targets: Set(found))
    }

    /// Refuses a label that no target has.
    ///
    /// It is a mistake, which behind `not` or `!=` would widen a selection. The label `canary` has
    /// a meaning of its own, and may be on no target.
    private func checkLabel(_ name: Expression.Name, option: String) throws(SelectionError) {
        let label = name.parts.last ?? ""
        let isLabel = name.parts.count == 1 || name.parts[0] == "target"
        if isLabel, labels[label] != nil || label == "canary" { return }
        if name.fact != nil {
            throw SelectionError(
                .unknownLabel, "\(option): `\(name)` is a fact, and facts select no targets",
                hint: "targets are asked for facts once they are selected; use a label")
        }
        let near = nearestName(to: label, among: Array(labels.keys) + ["canary"])
        throw SelectionError(
            .unknownLabel, "\(option): no target has the label `\(name)`",
            hint: near.map { "did you mean `\($0)`?" }
                ?? "known labels: \(Selection.listed(labels.keys.sorted()))")
    }

    private func valueHint(for expression: Expression) -> String? {
        for (name, values) in expression.comparisons {
            guard let known = labels[name.parts.last ?? ""] else { continue }
            for value in values where !known.contains(value) {
                if let near = nearestName(to: value, among: known) {
                    return "did you mean `\(name) = \(Expression.quoted(near))`?"
                }
                return "values of `\(name)`: \(Selection.listed(known.sorted()))"
            }
        }
        return nil
    }

    /// What a name that is none may mean: a near one, or the value of a label.
    func suggestion(for name: String) -> String? {
        if let near = nearestName(to: name, among: Array(named.keys) + groups.keys) {
            return "did you mean \(near)?"
        }
        let label = labels.filter { !Self.builtIn.contains($0.key) && $0.value.contains(name) }
            .keys.min()
        return label.map { "for the label write `\($0) = \(Expression.quoted(name))`" }
    }
}

/// The forms of a term's text.
enum LimitSyntax {
    /// Refuses the operators of other tools, which a shell would take away unseen.
    static func checkOperators(_ text: String, option: String) throws(SelectionError) {
        var quote: Character?
        let characters = Array(text)
        for (index, character) in characters.enumerated() {
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            if character == "'" || character == "\"" { quote = character }
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            let isNotEqual = character == "!" && next == "="
            guard ["&", "|", "!"].contains(character), !isNotEqual else { continue }
            let isAtStart = index == 0 || [",", ":"].contains(characters[index - 1])
            let hint =
                character == "!" && isAtStart
                ? "write --exclude for what is left out, or `not`"
                : "write `and`, `or` and `not`"
            throw SelectionError(
                .badTerm,
                "\(option) \(printableExcerpt(text)): `\(character)` is no operator here, since "
                    + "shells take it away and the selection widens", hint: hint)
        }
    }

    /// The items of a list; nil where the text is an expression.
    static func items(of text: String, option: String) throws(SelectionError) -> [String]? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        if let part = parts.first(where: { $0.hasPrefix("@") || $0 == "-" }) {
            throw SelectionError(
                .badTerm,
                "\(option) \(printableExcerpt(text)): \(printableExcerpt(part)) is in a list",
                hint: "give a file, or - for standard input, in an option of its own")
        }
        guard parts.allSatisfy({ $0.utf8.allSatisfy(isItemByte) }) else { return nil }
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw SelectionError(
                .badTerm, "\(option) \(printableExcerpt(text)) has an empty place",
                hint: "write names with one comma between them: a,b")
        }
        return parts
    }

    private static let itemPunctuation = Set("._-:*?".utf8)

    private static func isItemByte(_ byte: UInt8) -> Bool {
        itemPunctuation.contains(byte) || (0x30...0x39).contains(byte)
            || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Whether a whole name fits a pattern in which `*` is any text and `?` any one character.
    static func fits(_ name: String, glob: String) -> Bool {
        let name = Array(name.utf8)
        let glob = Array(glob.utf8)
        var (place, index) = (0, 0)
        var retry: (star: Int, place: Int)?
        while place < name.count {
            if index < glob.count, glob[index] == UInt8(ascii: "*") {
                retry = (index, place)
                index += 1
            } else if index < glob.count,
                glob[index] == name[place] || glob[index] == UInt8(ascii: "?")
            {
                index += 1
                place += 1
            } else if let (star, last) = retry {
                retry = (star, last + 1)
                (index, place) = (star + 1, last + 1)
            } else {
                return false
            }
        }
        return glob[index...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
