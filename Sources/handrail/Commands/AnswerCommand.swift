import ArgumentParser
import Runbooks
import Runner

/// `handrail answer`: answers a question of a run.
struct AnswerCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "answer",
        abstract: "Answers a question that a run asks.",
        discussion: "Example: handrail answer last growing leave")

    @OptionGroup var run: RunIDArgument

    @ArgumentParser.Argument(help: ArgumentHelp("The step that asks.", valueName: "step"))
    var step: String

    @ArgumentParser.Argument(help: ArgumentHelp("One of its choices.", valueName: "choice"))
    var choice: String

    @Option(
        help: ArgumentHelp(
            "The target, where each target asks for itself; or before_wave:2, the wave's list.",
            valueName: "target"))
    var on: String?

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run.
    func perform(_ session: Session) async throws -> ExitCode {
        let telling = try await Telling.of(run.run, session, leading)
        let machine = telling.folded.machine
        let question = try OpenQuestions(machine).question(step, on: on)
        let asking = machine.plan.step(question.step)
        if case .ask(let request)? = asking?.action {
            let ids = request.choices.map(\.id)
            guard ids.contains(choice) else {
                throw Failure(
                    .invalidInput, code: "run.unknownChoice",
                    "\(printableExcerpt(choice)) is no choice of \(question.step).",
                    hint: nearestName(to: choice, among: ids).map { "did you mean \($0)?" }
                        ?? "its choices: \(ids.joined(separator: ", "))")
            }
        }
        return try await telling.tell(
            .answer(question.step, choice: choice, target: question.target),
            done: ["\(question.step): \(choice)."])
    }
}

/// `handrail confirm`: says that a manual step was done.
struct ConfirmCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Says that a step which a person does was done.",
        discussion: "Example: handrail confirm last users-told --note 'told in the channel'")

    @OptionGroup var run: RunIDArgument

    @ArgumentParser.Argument(help: ArgumentHelp("The step that was done.", valueName: "step"))
    var step: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What was done, and what was seen; - reads it from standard input.", valueName: "text"))
    var note: String

    @Option(
        help: ArgumentHelp(
            "The target, where each target asks for itself; or before_wave:2, the wave's list.",
            valueName: "target"))
    var on: String?

    @OptionGroup(title: "If nobody leads the run") var leading: LeadingOptions

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Tells the run.
    func perform(_ session: Session) async throws -> ExitCode {
        let note = try await NoteText.given(note, session.world)
        let telling = try await Telling.of(run.run, session, leading)
        let question = try OpenQuestions(telling.folded.machine).question(step, on: on)
        let said = try await telling.redactor().scrub(note)
        return try await telling.tell(
            .confirm(question.step, note: said, target: question.target),
            done: ["\(question.step): confirmed."])
    }
}

/// The questions of a run as people name them.
struct OpenQuestions: Sendable {
    private let machine: RunMachine
    private let open: [Question]

    init(_ machine: RunMachine) {
        self.machine = machine
        open = machine.questions.filter { $0.value.choice == nil }.map(\.key)
    }

    /// The question of a step, on a target where each target asks; nothing is guessed.
    ///
    /// What is asked for a wave needs no place where it waits for one answer only, and
    /// `before_wave:2` means that list as it is done now, whichever time it is.
    ///
    /// - Throws: `Failure` (invalidInput) with what waits.
    func question(_ step: String, on target: String?) throws -> Question {
        let id = try self.step(step)
        let place = try target.map { try PlanNames.place($0, of: machine.plan) }
        let ofWaves = open.filter {
            $0.step == id && $0.target?.isTarget == false && machine.isOpen($0)
        }
        let meant = ofWaves.filter { asked in
            guard let place else { return ofWaves.count == 1 }
            guard let list = place.waveList, list.round == 1 else { return asked.target == place }
            return asked.target?.waveList.map { $0.kind == list.kind && $0.wave == list.wave }
                ?? false
        }
        if let meant = meant.first { return meant }
        let question = Question(step: id, target: place)
        let asked = machine.questions.keys.filter { $0.step == id }
        guard !asked.contains(question), !asked.isEmpty else { return question }
        guard place != nil, asked.contains(Question(step: id, target: nil)) else {
            let targets = open.filter { $0.step == id }.compactMap(\.target?.rawValue).sorted()
            throw Failure(
                .invalidInput, code: "run.unknownQuestion",
                place.map { "\(id) has not asked on \($0)." }
                    ?? "\(id) asks for each target, or each wave, by itself.",
                hint: targets.isEmpty
                    ? "nothing of it waits" : "--on \(CountText.listed(targets, limit: 8))")
        }
        throw Failure(
            .invalidInput, code: "run.unknownQuestion", "\(id) asks once for the whole run.",
            hint: "leave out --on")
    }

    private func step(_ text: String) throws -> StepID {
        let steps = machine.plan.steps + machine.plan.listedSteps
        if let known = steps.first(where: { $0.id.rawValue == text }) { return known.id }
        let waiting = Set(open.map(\.step.rawValue)).sorted()
        guard !waiting.isEmpty, nearestName(to: text, among: waiting) == nil else {
            return try PlanNames.step(text, of: machine.plan)
        }
        throw Failure(
            .invalidInput, code: "run.unknownStep",
            "\(printableExcerpt(text)) is no step of \(machine.plan.runbook.id).",
            hint: "what waits: \(waiting.joined(separator: ", "))")
    }
}

/// Notes as people give them.
enum NoteText {
    /// The most characters of one.
    private static let longest = 8192

    /// The most bytes that are read of one from standard input.
    private static let largest = 64 << 10

    /// A note as it was given: `-` means all of standard input.
    ///
    /// - Throws: as `checked`; `Failure` where standard input is too large or no text.
    static func given(_ text: String, _ world: World) async throws -> String {
        guard text == "-" else { return try checked(text) }
        let bytes = try await InputFile(path: "-", limit: largest).bytes(world)
        guard let read = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.invalidInput, code: "note", "Standard input is no UTF-8 text.")
        }
        return try checked(String(read.reversed().drop(while: \.isWhitespace).reversed()))
    }

    /// The note without blanks at its ends.
    ///
    /// - Throws: `Failure` (invalidInput) for nothing, or too much.
    static func checked(_ text: String) throws -> String {
        let trimmed = text.trimmingPrefix(while: \.isWhitespace)
        guard !trimmed.isEmpty else {
            throw Failure(
                .invalidInput, code: "note", "The note is empty.",
                hint: "say it in a few words: who reads it knows nothing else of it")
        }
        // What follows --note is taken as it is: an option there was meant as one.
        guard trimmed.wholeMatch(of: /--[a-z]+(-[a-z]+)*/) == nil else {
            throw Failure(
                .usage, code: "usage", "\(trimmed) is an option, and no note.",
                hint: "write what you mean in a few words, then \(trimmed)")
        }
        guard trimmed.count <= longest else {
            throw Failure(
                .invalidInput, code: "note", "The note is longer than \(longest) characters.",
                hint: "shorten it; a run takes a file too: handrail note RUN TEXT --attach FILE")
        }
        return String(trimmed)
    }
}
