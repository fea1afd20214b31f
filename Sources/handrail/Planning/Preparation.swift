import Runbooks
import Runner

/// Everything that plan and run know once a plan is made, before a target is looked at.
struct PreparedPlan: Sendable {
    let opened: OpenedLibrary
    let runbook: Runbook
    let selected: Selected
    let parameters: ParameterSet
    let plan: Plan
    let digest: Digest
    let gates: GateReport
    /// What the gates say where nobody breaks the glass; nil where nobody wants to.
    let gatesWithoutGlass: GateReport?
    let alert: String?
    /// The alerts themselves, when a file with them was given.
    let alertContent: [Alert]

    /// The bytes of the plan's files, by digest.
    let files: [Digest: [UInt8]]
    /// The forecast in the plan file, or of the change; nil without one.
    var earlier: Forecast?
    /// The change that it carries out; nil without one.
    var change: ChangeID?
    /// What nine in ten targets took at most in past runs; nil where that isn't known.
    var seenMilliseconds: Int64?
}

/// Makes a plan from what the command line says: library → runbook → targets → parameters → plan.
struct Preparation: Sendable {
    let session: Session
    let subject: SubjectOptions
    /// The instant that gates which know the time are asked about; nil for now.
    var instant: Timestamp?
    /// Whether the plan is for a change that is being opened: it covers the plan's targets, so that
    /// they can be looked at, and nothing is approved yet.
    var isForNewChange = false
    /// How far two people are who start it without a change; nil for any other run.
    var glass: GlassState?

    /// The plan for a runbook's id, or the plan of a file or a change made again.
    ///
    /// - Throws: `Failure`, `LibraryError`, `PlanError`, `SelectionError`.
    func prepare() async throws -> PreparedPlan {
        try checkStandardInput()
        // Runbooks' ids have no capitals.
        if subject.subject.hasPrefix("CHG-") {
            let (home, change) = try await session.openChange(subject.subject)
            return try await prepare(change, in: home)
        }
        let opened = try await session.openLibrary()
        guard isFile else {
            let runbook = try opened.runbook(subject.subject)
            return try await prepare(runbook, opened, from: nil)
        }
        let file = try PlanFile(
            reading: try await InputFile(path: subject.subject).bytes(session.world))
        try file.requireUnexpired(at: session.world.now())
        let runbook = try opened.runbook(file.request.runbook.rawValue)
        let change = try await session.change(ofPlan: file.planID)
        var prepared = try await prepare(runbook, opened, from: file, for: change)
        try file.requireEqual(to: prepared.plan)
        prepared.earlier = try file.forecast(of: prepared.plan)
        return prepared
    }

    /// The plan of a run, made again: gates are asked anew, and what has changed since refuses.
    ///
    /// - Throws: as `prepare`.
    func prepare(again run: RunRecord) async throws -> PreparedPlan {
        let opened = try await session.openLibrary()
        let file = try PlanFile(reading: try CanonicalJSON.bytes(of: run.plan))
        do throws(PlanError) {
            try file.requireUnexpired(at: session.world.now())
        } catch {
            throw Failure(
                .invalidInput, code: "plan.\(error.code)",
                "The plan of the run \(run.id) has expired: it can't be started any more.",
                hint: "make a new one: handrail plan \(run.plan.runbook.id)")
        }
        let runbook = try opened.runbook(run.plan.runbook.id.rawValue)
        let prepared = try await prepare(runbook, opened, from: file, for: run.change)
        let lines = file.differences(from: prepared.plan)
        guard lines.isEmpty else {
            throw Failure(
                .invalidInput, code: "plan.drift",
                "The plan of the run \(run.id) is not what the library gives now:\n  "
                    + lines.joined(separator: "\n  "),
                hint: Self.hint(prepared.plan, of: run))
        }
        return prepared
    }

    /// What to do where a plan that was made again is another one: a person gave other values, or
    /// the library has changed.
    static func hint(_ now: Plan, of run: RunRecord) -> String {
        let kept = Dictionary(
            run.plan.parameters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let other = now.parameters.filter { parameter in
            kept[parameter.name].map { $0 != parameter } ?? false
        }.map(\.name.rawValue)
        let anew = "'handrail run \(run.plan.runbook.id)'"
        guard !other.isEmpty else {
            return "what has changed since would not be in it: run it anew with \(anew)"
        }
        return "a retry takes the run's own values: leave out what gives "
            + "\(other.joined(separator: ", ")), or run it anew with \(anew)"
    }

    /// A runbook's id has neither a slash nor this ending.
    private var isFile: Bool {
        subject.subject.contains("/") || subject.subject.hasSuffix(".json")
    }

    private func checkStandardInput() throws {
        let targets = subject.targets
        let readers =
            (targets.limit + targets.exclude).count { $0 == "-" }
            + (subject.parameters.params == "-" ? 1 : 0)
            + subject.parameters.set.count { $0.hasSuffix("=@-") }
            + (["-", "@-"].contains(subject.alert) ? 1 : 0)
        guard readers > 1 else { return }
        throw Failure(
            .usage, code: "usage", "Standard input (-) is asked for \(readers) times.",
            hint: "give the others as files")
    }

    func prepare(
        _ runbook: Runbook, _ read: OpenedLibrary, from file: PlanFile?,
        for change: ChangeID? = nil
    ) async throws -> PreparedPlan {
        let trust = session.trustState()
        let (opened, notes) = read.tightened(by: trust)
        for note in notes { session.console.warn(note) }
        let inventory = opened.library.inventory
        let given = try await givenAlert()
        let (selected, answer) = try await select(inventory, runbook, file, given)
        let intake = ParameterIntake(
            session: session, options: subject.parameters,
            targets: Set(inventory.targets.map(\.name.rawValue)),
            given: file?.request.parameters(for: runbook.parameters)
                ?? answer?.parameters.mapValues { .text($0) } ?? [:])
        let parameters = try await intake.collect(for: runbook.parameters)
        let alert = answer?.name ?? subject.alert ?? file?.request.alert
        let reach = Reach(session: session, options: subject.reach)
        let builder = PlanBuilder(
            library: opened.library, runbook: runbook, targets: selected.targets,
            parameters: parameters.values, alert: alert,
            hostKeys: await reach.hostKeys(
                of: selected.targets
                    + PlanBuilder.peers(of: selected.targets, in: opened.library)),
            planID: file?.planID ?? session.newPlanID(),
            created: file?.created ?? session.world.now(), expires: file?.expires)
        let plan = try builder.plan().get()
        let seen = await session.seenTime(of: plan)
        let standing: ChangeFacts.Standing =
            isForNewChange
            ? .known(.draft(for: plan, by: session.actor)) : await session.standing(of: change)
        let locks = await session.lockState(of: plan)
        let facts = session.changeFacts(
            of: opened, at: instant ?? session.world.now(), in: plan.environment.name,
            standing: standing,
            neededMilliseconds: plan.reservedForFirstWave(seen: seen))
        let earlier = await session.earlierRuns(of: plan, in: opened.library)
        let asked = try await GlassAuthors(session: session, opened: opened)
            .state(glass, of: plan, runbook)
        func report(_ glass: GlassState?) -> GateReport {
            GateReport.evaluate(
                plan, runbook: runbook, actor: session.actor, locks: locks, facts: facts,
                trust: trust, earlier: earlier, glass: glass)
        }
        return PreparedPlan(
            opened: opened, runbook: runbook, selected: selected, parameters: parameters,
            plan: plan, digest: try .sha256(ofCanonical: plan), gates: report(asked),
            gatesWithoutGlass: asked == nil ? nil : report(nil),
            alert: alert, alertContent: answer?.alerts ?? [],
            files: Self.files(of: plan, runbook, opened.library.tree), change: change,
            seenMilliseconds: seen)
    }

    /// What `--alert` says; nil without it.
    private func givenAlert() async throws -> GivenAlert? {
        guard let text = subject.alert else { return nil }
        return try await GivenAlert.read(text, session.world)
    }

    /// The targets: those of the plan file, those that a person names, or those of the alert.
    private func select(
        _ inventory: Inventory, _ runbook: Runbook, _ file: PlanFile?, _ given: GivenAlert?
    ) async throws -> (Selected, GivenAlert.Answer?) {
        let options = subject.targets
        let isNamed = !options.on.isEmpty || !options.limit.isEmpty
        if file == nil, !isNamed, let given,
            let answer = try given.answer(for: runbook, inventory, named: nil)
        {
            let intake = TargetIntake(session: session, options: options)
            return try await intake.select(answer.targets, of: given, from: inventory, runbook)
        }
        let selected = try await select(inventory, runbook, file)
        let names = selected.targets.map(\.name)
        return (selected, try given?.answer(for: runbook, inventory, named: names))
    }

    private func select(
        _ inventory: Inventory, _ runbook: Runbook, _ file: PlanFile?
    ) async throws -> Selected {
        guard let file else {
            return try await TargetIntake(session: session, options: subject.targets)
                .select(from: inventory, for: runbook)
        }
        let options = subject.targets
        guard options.on.isEmpty, options.limit.isEmpty, options.exclude.isEmpty else {
            throw Failure(
                .usage, code: "usage", "The targets are in the plan file.",
                hint: "make another plan for other targets")
        }
        let names = file.request.targets.map(\.rawValue)
        return try Selection.resolve(
            inventory: inventory, rule: runbook.targets,
            limits: [.names(names, source: subject.subject)]
        ).get()
    }

    private static func files(
        of plan: Plan, _ runbook: Runbook, _ tree: LibraryTree
    ) -> [Digest: [UInt8]] {
        var files: [Digest: [UInt8]] = [:]
        for file in plan.runbook.files {
            let own = runbook.folder.isEmpty ? file.path : "\(runbook.folder)/\(file.path)"
            let entry =
                file.path.hasPrefix("lib/") ? tree.entries[file.path] : tree.entries[own]
            files[file.sha256] = entry?.bytes
        }
        return files
    }
}

extension Session {
    /// A new plan's id.
    func newPlanID() -> PlanID {
        let digits = world.randomBytes(16).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        guard let id = PlanID(rawValue: digits.joined()) else {
            preconditionFailure("16 bytes are 32 hexadecimal digits")
        }
        return id
    }

    /// A new run's id, such as `r-20261123-0714-k3f9`.
    func newRunID() -> RunID { newID("r") }

    /// A new escalation's id, such as `e-20261123-0714-k3f9`.
    func newEscalationID() -> EscalationID { newID("e") }

    private func newID<ID: CheckedName>(_ kind: String) -> ID {
        // No vowels and no digits that look like letters: nothing to misread, no words.
        let letters = Array("bcdfghjkmnpqrstvwxz23456789")
        let end = world.randomBytes(4).map { letters[Int($0) % letters.count] }
        let text = "\(kind)-\(TimeText.compact(world.now()))-\(String(end))"
        guard let id = ID(rawValue: text) else {
            preconditionFailure("a date and four letters are an id")
        }
        return id
    }
}
