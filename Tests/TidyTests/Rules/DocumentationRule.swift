/// Every type, and every member that other modules see, says in `///` what its name can't.
///
/// Exempt are initialisers, cases, and what is private to its file or type.
enum DocumentationRule {
    private static let types: Set<String> = ["struct", "enum", "class", "actor", "protocol"]
    private static let modifiers: Set<String> = [
        "static", "final", "mutating", "nonmutating", "indirect", "nonisolated", "private",
        "fileprivate", "internal", "override", "lazy", "weak", "set", "borrowing", "consuming",
    ]
    private static let members: Set<String> = types.union([
        "func", "var", "let", "typealias", "subscript", "associatedtype",
    ])

    static func findings(in file: SourceFile) -> [Finding] {
        let tokens = file.tokens.filter { $0.kind != .comment }
        return tokens.indices.compactMap { index in
            guard let name = declaration(tokens, index), !isDocumented(tokens, index) else {
                return nil
            }
            return file.finding(
                tokens[index].line, "'\(name)' has no documentation",
                do: "Say above it, in one sentence after ///, what its name and type can't")
        }
    }

    /// The name of what is declared at this token, if it has to be documented.
    private static func declaration(_ tokens: [Token], _ index: Int) -> String? {
        guard tokens[index].kind == .word else { return nil }
        let before = index > 0 ? tokens[index - 1].text : ""
        guard ![".", "case", "import", ","].contains(before) else { return nil }
        if ["package", "public"].contains(tokens[index].text) {
            guard let keyword = keyword(tokens, after: index) else { return nil }
            return name(tokens, keyword)
        }
        guard types.contains(tokens[index].text), !hasAccess(tokens, index),
            let name = name(tokens, index), name.first?.isUppercase == true
        else { return nil }
        return name
    }

    /// The index of the declaring keyword after an access level; nil for what is exempt.
    private static func keyword(_ tokens: [Token], after index: Int) -> Int? {
        var next = index + 1
        while next < tokens.count {
            if members.contains(tokens[next].text) { return next }
            let isModifier =
                modifiers.contains(tokens[next].text) || "()".contains(tokens[next].text)
            guard isModifier else { return nil }
            next += 1
        }
        return nil
    }

    /// Whether an access level stands before: one that was looked at already, or one that hides.
    private static func hasAccess(_ tokens: [Token], _ index: Int) -> Bool {
        var place = index - 1
        while place >= 0, modifiers.contains(tokens[place].text) {
            if ["private", "fileprivate"].contains(tokens[place].text) { return true }
            place -= 1
        }
        return place >= 0 && ["package", "public"].contains(tokens[place].text)
    }

    private static func name(_ tokens: [Token], _ keyword: Int) -> String? {
        keyword + 1 < tokens.count ? tokens[keyword + 1].text : nil
    }

    /// Whether `///` stands before the modifiers and attributes of a declaration.
    private static func isDocumented(_ tokens: [Token], _ index: Int) -> Bool {
        var place = index - 1
        while place >= 0 {
            if tokens[place].kind == .documentation { return true }
            if modifiers.contains(tokens[place].text) {
                place -= 1
            } else if let start = attribute(tokens, endingAt: place) {
                place = start - 1
            } else {
                return false
            }
        }
        return false
    }

    /// The index of the `@` of an attribute whose last token this is.
    private static func attribute(_ tokens: [Token], endingAt end: Int) -> Int? {
        var place = end
        if tokens[place].text == ")" {
            while place >= 0, tokens[place].text != "(" { place -= 1 }
            place -= 1
        }
        guard place >= 1, tokens[place].kind == .word, tokens[place - 1].text == "@" else {
            return nil
        }
        return place - 1
    }
}
