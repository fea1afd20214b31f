import Runbooks
import Runner

/// Makes a request of what a person says, and asks for what acceptance lacks.
struct ChangeIntake: Sendable {
    let session: Session
    let options: ChangeFieldOptions
    /// What the house's list says of its types.
    let types: [ChangeRules]

    /// The request with what the command line says.
    ///
    /// - Throws: `Failure` (invalidInput) with everything that can't be taken.
    func request(from request: ChangeRequest) throws -> ChangeRequest {
        var (request, problems) = (request, [Diagnostic]())
        options.title.map { request.title = $0 }
        options.why.map { request.why = $0 }
        options.type.map { request.type = $0 }
        options.implementer.map { request.implementer = $0 }
        options.impactService.map { request.impact.service = $0 }
        options.impactCapacity.map { request.impact.capacity = $0 }
        options.impactSecurity.map { request.impact.security = $0 }
        options.impactRecovery.map { request.impact.recovery = $0 }
        options.rollback.map { request.rollback = $0 }
        options.ticket.map { request.ticket = $0 }
        if let text = options.severity {
            request.severity = word(text, "--severity", &problems) ?? request.severity
        }
        if let text = options.urgency {
            request.urgency = word(text, "--urgency", &problems) ?? request.urgency
        }
        if let text = options.expected {
            if let duration = parseDuration(text), duration > .zero {
                request.expectedMilliseconds = duration.inMilliseconds
            } else {
                problems.append(
                    .error(
                        "change-field",
                        "--expected \(printableExcerpt(text)) is no length of time",
                        hint: "such as 40m or 2h30m"))
            }
        }
        do {
            request.wanted = try Self.interval(options.start, options.end) ?? request.wanted
        } catch {
            problems += error.diagnostics
        }
        if let text = options.implementer, let problem = implementerProblem(text) {
            problems.append(problem)
        }
        guard problems.isEmpty else {
            throw Failure(
                .invalidInput, code: "change.field",
                "The change can't be taken like this: nothing was recorded.",
                diagnostics: problems)
        }
        return request
    }

    /// Why somebody can't be named to carry it out: nobody of that id.
    private func implementerProblem(_ text: String) -> Diagnostic? {
        let said = "--implementer \(printableExcerpt(text))"
        guard let id = PersonID(rawValue: text) else {
            return .error(
                "change-field", "\(said) is nobody's id", hint: "a person's id, such as ann")
        }
        guard case .known(let book, _, _) = session.trustState(), book.person(id) == nil else {
            return nil
        }
        let near = nearestName(to: text, among: book.people.map(\.id.rawValue))
        return .error(
            "change-field", "\(said) is nobody in trust",
            hint: near.map { "did you mean \($0)?" } ?? "'handrail trust show' lists people")
    }

    /// The request with an answer for everything that acceptance lacks.
    ///
    /// - Throws: `Failure` (invalidInput) with all that is missing where nobody can be asked.
    func completed(_ request: ChangeRequest) async throws -> ChangeRequest {
        var request = request
        let missing = request.missing
        guard !missing.isEmpty else { return request }
        guard session.console.isInteractive else {
            throw Failure(
                .invalidInput, code: "change.incomplete",
                "The change is not complete: nothing was recorded.",
                hint: "give what is missing, or --draft to record it as it is",
                diagnostics: missing.map(Self.diagnostic))
        }
        session.console.note("A change is accepted only when it is complete.")
        for part in missing where part != .plan {
            try await ask(part, &request)
        }
        return request
    }

    /// The interval of two times; nil without both.
    static func interval(_ start: String?, _ end: String?) throws(Failure) -> Interval? {
        guard start != nil || end != nil else { return nil }
        guard let start, let end else {
            throw problem("--start and --end go together", hint: "give both")
        }
        let times = [("--start", start), ("--end", end)].map { ($0, $1, TimeText.instant($1)) }
        for case (let name, let text, nil) in times {
            let isBare = TimeText.instant(text + "Z") != nil
            throw problem(
                "\(name) \(printableExcerpt(text)) "
                    + (isBare
                        ? "has no zone: it is another instant elsewhere"
                        : "is no time with date and zone (RFC 3339)"),
                hint: "such as 2026-11-28T20:00:00+01:00")
        }
        guard let first = times[0].2, let last = times[1].2, let found = Interval(first, last)
        else { throw problem("--end is not after --start", hint: "check both, and their zones") }
        return found
    }

    private static func problem(_ text: String, hint: String) -> Failure {
        Failure(
            .invalidInput, code: "change.field",
            "The change can't be taken like this: nothing was recorded.",
            diagnostics: [.error("change-field", text, hint: hint)])
    }

    private static func diagnostic(_ part: ChangePart) -> Diagnostic {
        .error("change-missing", "\(part.words) is missing", hint: part.hint)
    }

    private func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String, _ option: String, _ problems: inout [Diagnostic]
    ) -> Word? {
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue)
        problems.append(
            .error(
                "change-field",
                "\(option) \(printableExcerpt(text)) is none of "
                    + known.joined(separator: ", "),
                hint: nearestName(to: text, among: known).map { "did you mean \($0)?" }))
        return nil
    }

    private func ask(_ part: ChangePart, _ request: inout ChangeRequest) async throws {
        let console = session.console
        if part == .type, !types.isEmpty {
            let index = try await console.choose(
                "Its type?", among: types.map { ($0.type, $0.severity.rawValue) })
            request.type = types[index].type
            return
        }
        while request.missing.contains(part) {
            let answer = try await console.ask(part.question)
            switch part {
            case .title: request.title = answer
            case .why: request.why = answer
            case .type: request.type = answer
            case .rollback: request.rollback = answer
            case .duration:
                request.expectedMilliseconds = parseDuration(answer).map(\.inMilliseconds)
            case .impactService: request.impact.service = answer
            case .impactCapacity: request.impact.capacity = answer
            case .impactSecurity: request.impact.security = answer
            case .impactRecovery: request.impact.recovery = answer
            case .plan: return
            }
            if request.missing.contains(part) {
                console.note(
                    part == .duration
                        ? "  A length of time, such as 40m or 2h30m." : "  'none' is an answer.")
            }
        }
    }
}

extension ChangePart {
    /// What is asked on a terminal.
    fileprivate var question: String {
        switch self {
        case .title: "Title:"
        case .why: "Why is it needed?"
        case .type: "Its type:"
        case .plan: ""
        case .rollback: "How to go back, where the plan can't undo a step?"
        case .duration: "How long does it take?"
        case .impactService: "What does it do to the service?"
        case .impactCapacity: "What does it do to capacity?"
        case .impactSecurity: "What does it do to security?"
        case .impactRecovery: "What does it do to recovery?"
        }
    }

    /// The option that gives it.
    var hint: String {
        switch self {
        case .title: "--title '…'"
        case .why: "--why '…'"
        case .type: "--type TYPE"
        case .plan: "open another one, with targets"
        case .rollback: "--rollback '…'"
        case .duration: "--expected 40m"
        case .impactService, .impactCapacity, .impactSecurity, .impactRecovery:
            "--\(rawValue) '…'; 'none' is an answer"
        }
    }
}
