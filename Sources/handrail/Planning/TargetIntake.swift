import Runbooks
import Runner

/// Reads what the command line says about targets, and selects them.
struct TargetIntake: Sendable {
    let session: Session
    let options: TargetOptions

    /// The targets for a runbook; on a terminal, a runbook for one target asks for it.
    ///
    /// - Throws: `SelectionError`, `Failure` for a file that can't be read, `JournalError`.
    func select(from inventory: Inventory, for runbook: Runbook) async throws -> Selected {
        var limits: [LimitTerm] = []
        for text in options.limit { limits.append(try await term(text)) }
        var excludes: [LimitTerm] = []
        for text in options.exclude { excludes.append(try await term(text)) }
        var on = options.on
        while true {
            let result = Selection.resolve(
                inventory: inventory, rule: runbook.targets, on: on, limits: limits,
                excludes: excludes)
            switch result {
            case .success(let selected): return selected
            case .failure(let error):
                guard error.code == .missing || (on != options.on && error.code != .noMatch),
                    session.console.isInteractive, runbook.targets.pick == .one
                else { throw error }
                if error.code != .missing {
                    FailureView.lines(Failure(error), style: session.console.errorStyle).forEach(
                        session.console.note)
                }
                on = [try await ask(inventory, runbook)]
            }
        }
    }

    /// The targets that alerts are about; on a terminal, a runbook for one target asks which.
    ///
    /// - Throws: `SelectionError`, `Failure`.
    func select(
        _ names: [TargetName], of alert: GivenAlert, from inventory: Inventory, _ runbook: Runbook
    ) async throws -> (Selected, GivenAlert.Answer?) {
        var names = names
        if runbook.targets.pick == .one, names.count > 1 {
            guard session.console.isInteractive else {
                throw SelectionError(
                    .several,
                    "\(runbook.id) is for one target at a time, and the alerts are about "
                        + TargetList.text(names, limit: 6), hint: "name one of them with --on")
            }
            let index = try await session.console.choose(
                "The alerts are about several targets. Which?",
                among: names.map { ($0.rawValue, "") })
            names = [names[index]]
        }
        let excludes = try await terms(options.exclude)
        let selected = try Selection.resolve(
            inventory: inventory, rule: runbook.targets,
            limits: [.names(names.map(\.rawValue), source: "--alert \(alert.text)")],
            excludes: excludes
        ).get()
        let answer = try alert.answer(
            for: runbook, inventory, named: selected.targets.map(\.name))
        return (selected, answer)
    }

    private func ask(_ inventory: Inventory, _ runbook: Runbook) async throws -> String {
        let fitting = inventory.targets.filter { target in
            runbook.targets.select.map { $0.holds(in: target.scope) } ?? true
        }
        let console = session.console
        guard fitting.count > 20 || fitting.isEmpty else {
            let index = try await console.choose(
                "Which target?",
                among: fitting.map { target in
                    let labels = target.labels.sorted { $0.key < $1.key }
                        .map { "\($0.key)=\($0.value.joined(separator: "|"))" }
                    return (target.name.rawValue, labels.joined(separator: " "))
                })
            return fitting[index].name.rawValue
        }
        return try await console.ask("Which target (\(fitting.count) fit)?")
    }

    /// Terms as they were typed, with files, standard input and runs looked up.
    func terms(_ texts: [String]) async throws -> [LimitTerm] {
        var terms: [LimitTerm] = []
        for text in texts { terms.append(try await term(text)) }
        return terms
    }

    /// A term as it was typed, with files, standard input and runs looked up.
    private func term(_ text: String) async throws -> LimitTerm {
        if text == "-" {
            return .names(try await names(InputFile(path: "-")), source: "-")
        }
        if text.hasPrefix("@run:") { return try await targets(ofRun: text) }
        if text.hasPrefix("@") {
            let file = InputFile(path: String(text.dropFirst()))
            return .names(try await names(file), source: text)
        }
        return .pattern(text)
    }

    private func names(_ file: InputFile) async throws -> [String] {
        String(decoding: try await file.bytes(session.world), as: UTF8.self)
            .split { $0.isNewline || $0 == " " || $0 == "," || $0 == "\t" }
            .map(String.init).filter { !$0.hasPrefix("#") }
    }

    /// `@run:RUN/failed`: the targets that ended in a run with an outcome.
    private func targets(ofRun text: String) async throws -> LimitTerm {
        let parts = text.dropFirst("@run:".count).split(separator: "/")
        guard parts.count == 2, let id = RunID(rawValue: String(parts[0])) else {
            throw SelectionError(
                .badTerm, "\(printableExcerpt(text)) names no targets of a run",
                hint: "write @run:RUN/failed, with an outcome or 'unfinished' after the slash")
        }
        let journal = try await session.openHome().journal
        let machine = RunMachine(
            record: try await journal.record(of: id),
            events: try await journal.events(of: id, after: 0))
        let wanted = String(parts[1])
        let known = Outcome.allCases.map(\.rawValue) + ["unfinished"]
        guard known.contains(wanted) else {
            throw SelectionError(
                .badTerm, "'\(wanted)' is no outcome",
                hint: "one of: \(known.joined(separator: ", "))")
        }
        let names = machine.plan.targets.map(\.name).filter { name in
            let outcome = machine.targets[name]?.outcome
            return wanted == "failed"
                ? outcome?.countsAsFailure == true
                : outcome?.rawValue ?? "unfinished" == wanted
        }
        return .names(names.map(\.rawValue), source: text)
    }
}
