/// The check of one value: what its type reads, and which constraints it breaks.
///
/// The one check for every way in: the command line, a file of parameters, a prompt, a default in
/// a document, and the outputs of a step.
package struct ParameterCheck: Sendable {
    /// Something wrong with a value; its words never hold the value of a secret.
    package struct Problem: Sendable, Hashable {
        /// What is wrong, as the end of a sentence that starts with the parameter's name.
        package let message: String
        /// What to write instead.
        package let hint: String?

        package init(_ message: String, hint: String? = nil) {
            self.message = message
            self.hint = hint
        }
    }

    /// What a value was read as, and every constraint it breaks; without a value, its type's
    /// grammar is broken and nothing else was looked at.
    package struct Reading: Sendable, Hashable {
        /// The value read; nil when the text isn't of the kind.
        package let value: Value?
        /// Every constraint that the text violates; empty when it is good.
        package let problems: [Problem]

        package init(value: Value?, problems: [Problem]) {
            self.value = value
            self.problems = problems
        }
    }

    /// The greatest number of characters of a value that sets no `max_length`.
    package static let defaultMaxLength = 4096
    /// The greatest length of any value, in bytes.
    package static let longestValue = 1_048_576
    /// The greatest number of elements of a list that sets no `max_length`.
    package static let defaultMaxElements = 1000
    /// The least length of a secret, in bytes: a shorter one can't be hidden in output.
    package static let shortestSecret = 4

    /// The greatest length of a secret, in bytes: each is looked for in all output, in many forms.
    package static let longestSecret = 16_384

    private let kind: Parameter.Kind
    private let constraints: Parameter.Constraints
    private let targets: Set<String>?
    private let pattern: Result<TextPattern, TextPattern.SyntaxError>?

    /// Prepares the check; the pattern is compiled here, once.
    ///
    /// - Parameters:
    ///   - kind: What the text is read as.
    ///   - constraints: What the value must meet.
    ///   - targets: The names of the inventory's targets; nil where it isn't known, and a `target`
    ///     is checked by its grammar only.
    package init(
        _ kind: Parameter.Kind, _ constraints: Parameter.Constraints, targets: Set<String>? = nil
    ) {
        self.kind = kind
        self.constraints = constraints
        self.targets = targets
        self.pattern = constraints.pattern.map { source in
            do throws(TextPattern.SyntaxError) {
                return .success(try TextPattern(source))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Reads and checks a text; a list is written with commas, or with one element in a line.
    package func read(_ text: String) -> Reading {
        guard kind != .list else {
            guard !text.isEmpty else { return read([]) }
            let isLines = text.utf8.contains(UInt8(ascii: "\n"))
            let elements = text.split(
                separator: isLines ? "\n" : ",", omittingEmptySubsequences: false)
            return read(elements.map { String($0.drop { $0 == " " }) })
        }
        if let problem = problemOfAnyText(text) { return Reading(value: nil, problems: [problem]) }
        switch value(of: text) {
        case .failure(let failure): return Reading(value: nil, problems: [failure.problem])
        case .success(let value):
            return Reading(value: value, problems: problems(of: value, written: text))
        }
    }

    /// Reads and checks the elements of a list, which are taken as they are.
    package func read(_ elements: [String]) -> Reading {
        guard kind == .list else {
            return Reading(
                value: nil,
                problems: [Problem("takes one value, not a list", hint: "give one \(kind.shown)")])
        }
        let size = elements.reduce(elements.count) { $0 + $1.utf8.count }
        guard size <= Self.longestValue else {
            return Reading(value: nil, problems: [Problem("is longer than 1 MiB")])
        }
        var problems = lengthProblems(
            count: elements.count, unit: "elements", greatest: Self.defaultMaxElements)
        if elements == [""] {
            // Its encoding is that of a list without elements.
            problems.append(
                Problem(
                    "has one element, which is empty: scripts and for_each take that for none",
                    hint: "give an empty list, or name the element"))
        }
        for element in elements {
            if let problem = problemOfAnyText(element) {
                problems.append(problem)
            } else if element.utf8.contains(UInt8(ascii: "\n")) {
                problems.append(
                    Problem("has an element with a line end, \(printableExcerpt(element))"))
            } else {
                problems += choiceProblems(of: element) + patternProblems(of: element)
            }
        }
        return Reading(value: .list(elements), problems: problems)
    }

    /// Checks a secret; no word of a problem tells anything of it but its length.
    package func read(_ secret: Secret, from reference: SecretReference) -> Reading {
        guard kind == .secret else {
            let problem = Problem(
                "is no secret, but is given as one", hint: "give it as plain text")
            return Reading(value: nil, problems: [problem])
        }
        let text = secret.reveal()
        var problems = [problemOfAnyText(text)].compactMap(\.self)
        if text.utf8.count < Self.shortestSecret {
            problems.append(
                Problem(
                    "is shorter than \(Self.shortestSecret) bytes",
                    hint: "so short a secret can't be told apart in output, and would be shown"))
        }
        if text.utf8.count > Self.longestSecret {
            problems.append(Problem("is longer than 16 KiB"))
        }
        problems += lengthProblems(
            count: text.unicodeScalars.count, unit: "characters", greatest: Self.defaultMaxLength)
        problems += patternProblems(of: text)
        return Reading(value: .secret(reference), problems: problems)
    }

    private func problemOfAnyText(_ text: String) -> Problem? {
        if text.utf8.count > Self.longestValue { return Problem("is longer than 1 MiB") }
        guard text.utf8.contains(0) else { return nil }
        return Problem("holds a NUL byte, which can't reach a script")
    }

    private func problems(of value: Value, written text: String) -> [Problem] {
        var problems = rangeProblems(of: value)
        switch kind {
        case .string, .path, .hostname, .url, .email, .target, .ip, .choice, .timestamp:
            problems += lengthProblems(
                count: text.unicodeScalars.count, unit: "characters",
                greatest: Self.defaultMaxLength)
            problems += choiceProblems(of: text)
        default: break
        }
        return problems + patternProblems(of: text)
    }

    private func rangeProblems(of value: Value) -> [Problem] {
        let number: Double
        switch value {
        case .integer(let integer): number = Double(integer)
        case .number(let double): number = double
        case .duration(let milliseconds): number = Double(milliseconds)
        case .size(let bytes): number = Double(bytes)
        default: return []
        }
        var problems: [Problem] = []
        if let least = constraints.min, number < least {
            problems.append(Problem("is \(value.shown), less than \(bound(least, like: value))"))
        }
        if let greatest = constraints.max, number > greatest {
            problems.append(
                Problem("is \(value.shown), more than \(bound(greatest, like: value))"))
        }
        return problems
    }

    private func bound(_ number: Double, like value: Value) -> String {
        guard let whole = Int(exactly: number) else { return Value.number(number).text }
        return switch value {
        case .duration: Value.duration(milliseconds: whole).shown
        case .size: Value.size(bytes: whole).shown
        default: String(whole)
        }
    }

    private func lengthProblems(count: Int, unit: String, greatest: Int) -> [Problem] {
        if let least = constraints.minLength, count < least {
            return [Problem("has \(count) \(unit), fewer than \(least)")]
        }
        let most = constraints.maxLength ?? greatest
        return count > most ? [Problem("has \(count) \(unit), more than \(most)")] : []
    }

    private func choiceProblems(of text: String) -> [Problem] {
        guard !constraints.choices.isEmpty || kind == .choice,
            !constraints.choices.contains(text)
        else { return [] }
        let shown = constraints.choices.prefix(10).joined(separator: ", ")
        let more = constraints.choices.count > 10 ? ", +\(constraints.choices.count - 10)" : ""
        let near = nearestName(to: text, among: constraints.choices)
        return [
            Problem(
                "is \(printableExcerpt(text)), which is none of \(shown)\(more)",
                hint: near.map { "did you mean \($0)?" })
        ]
    }

    private func patternProblems(of text: String) -> [Problem] {
        switch pattern {
        case nil: return []
        case .failure(let error):
            return [Problem("has a pattern that can't be read: \(error.message)")]
        case .success(let pattern):
            if text.utf8.count > TextPattern.longestText {
                return [
                    Problem(
                        "is longer than the \(TextPattern.longestText) bytes that a value with a "
                            + "pattern may have")
                ]
            }
            guard !pattern.matches(text) else { return [] }
            let value = kind == .secret ? "" : "is \(printableExcerpt(text)), which "
            return [Problem("\(value)doesn't fit the pattern \(pattern.source)")]
        }
    }
}

extension ParameterCheck {
    /// A problem as an error, for `Result`.
    private struct Failure: Error {
        let problem: Problem

        init(_ message: String, hint: String? = nil) {
            problem = Problem(message, hint: hint)
        }
    }

    private func value(of text: String) -> Result<Value, Failure> {
        let shown = printableExcerpt(text)
        switch kind {
        case .string, .choice, .list: return .success(.string(text))
        case .integer: return integer(text)
        case .number: return number(text)
        case .boolean:
            guard text == "true" || text == "false" else {
                return .failure(Failure("is \(shown), no truth value", hint: "true or false"))
            }
            return .success(.boolean(text == "true"))
        case .duration:
            guard let duration = parseDuration(text) else {
                let meant = AmountHint.amount(for: text, isSize: false)
                return .failure(
                    Failure(
                        "is \(shown), no length of time",
                        hint: meant.map { "did you mean \($0)?" } ?? "such as 500ms, 40s, 1h30m"))
            }
            return .success(.duration(milliseconds: Int(duration.inMilliseconds)))
        case .size:
            guard let bytes = parseSize(text) else {
                let meant = AmountHint.amount(for: text, isSize: true)
                return .failure(
                    Failure(
                        "is \(shown), no size",
                        hint: meant.map { "did you mean \($0)?" } ?? "such as 512B, 20MiB, 5MB"))
            }
            return .success(.size(bytes: bytes))
        case .target: return target(text)
        case .path: return path(text)
        case .secret:
            return .failure(
                Failure(
                    "is a secret, and is never given as plain text",
                    hint: "give it at the prompt, or as name=@file"))
        case .timestamp, .hostname, .ip, .url, .email: return address(text)
        }
    }

    private func integer(_ text: String) -> Result<Value, Failure> {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy(ValueGrammar.isDigit) else {
            return .failure(
                Failure("is \(printableExcerpt(text)), no whole number", hint: "such as 42"))
        }
        guard digits == "0" || !digits.hasPrefix("0") else {
            return .failure(
                Failure(
                    "is \(printableExcerpt(text)), which starts with 0",
                    hint: "some programs take that for an octal number; leave the zeros out"))
        }
        guard let number = Int(text) else {
            return .failure(Failure("is \(printableExcerpt(text)), beyond 64 bits"))
        }
        return .success(.integer(number))
    }

    private func number(_ text: String) -> Result<Value, Failure> {
        let failure = Failure(
            "is \(printableExcerpt(text)), no number", hint: "such as 42, -0.5 or 1e6")
        let mantissa = text.prefix { !"eE".contains($0) }
        let unsigned = mantissa.hasPrefix("-") ? mantissa.dropFirst() : mantissa
        let parts = unsigned.split(separator: ".", omittingEmptySubsequences: false)
        let isDecimal =
            parts.count <= 2
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(ValueGrammar.isDigit) }
        guard isDecimal, let number = Double(text), number.isFinite else {
            return .failure(failure)
        }
        return .success(.number(number))
    }

    private func target(_ text: String) -> Result<Value, Failure> {
        guard TargetName(rawValue: text) != nil else {
            return .failure(
                Failure("is \(printableExcerpt(text)), no target's name", hint: TargetName.grammar))
        }
        guard let targets, !targets.contains(text) else { return .success(.string(text)) }
        return .failure(
            Failure(
                "is \(printableExcerpt(text)), which is not in the inventory",
                hint: nearestName(to: text, among: targets).map { "did you mean \($0)?" }))
    }

    private func path(_ text: String) -> Result<Value, Failure> {
        let shown = printableExcerpt(text)
        guard text.hasPrefix("/") else {
            return .failure(Failure("is \(shown), no absolute path", hint: "start it with /"))
        }
        guard !text.split(separator: "/").contains("..") else {
            return .failure(Failure("is \(shown), which goes through `..`"))
        }
        guard !text.unicodeScalars.contains(where: isUnprintable) else {
            return .failure(Failure("is \(shown), which holds a control or invisible character"))
        }
        return .success(.string(text))
    }

    private func address(_ text: String) -> Result<Value, Failure> {
        let shown = printableExcerpt(text)
        var failure: Failure?
        switch kind {
        case .timestamp where !ValueGrammar.isTimestamp(text):
            failure = Failure(
                "is \(shown), no time with date and zone", hint: "such as 2027-05-01T20:00:00Z")
        case .hostname where !ValueGrammar.isHostname(text):
            failure = Failure("is \(shown), no host name", hint: "such as mbx01.example.org")
        case .ip where !ValueGrammar.isIPv4(text) && !ValueGrammar.isIPv6(text):
            failure = Failure(
                "is \(shown), no IP address", hint: "such as 192.0.2.7 or 2001:db8::7")
        case .email where !ValueGrammar.isEmail(text):
            failure = Failure("is \(shown), no mail address", hint: "such as ops@example.org")
        case .url:
            if let problem = ValueGrammar.problemOfURL(text) {
                // WHY NOT show it: where it holds a password, the message would too.
                let value = text.contains("@") ? "is no URL" : "is \(shown), no URL"
                failure = Failure("\(value): \(problem)", hint: "such as https://example.org/x")
            }
        default: break
        }
        return failure.map { .failure($0) } ?? .success(.string(text))
    }
}

extension Parameter.Kind {
    /// The type in words, for messages.
    fileprivate var shown: String {
        switch self {
        case .boolean: "truth value"
        case .duration: "length of time"
        case .timestamp: "time"
        case .ip: "IP address"
        case .url: "URL"
        case .email: "mail address"
        default: rawValue
        }
    }
}
