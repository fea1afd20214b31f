/// A step says what it does to its target, and not less than its action does.
enum EffectRule {
    /// The effect of a step that declares none; nil where it must.
    static func usual(for action: Action) -> Effect? {
        switch action {
        case .run, .http: nil
        case .file, .package: .idempotent
        case .service(let service):
            service.state == .running || service.state == .stopped ? .idempotent : .once
        case .reboot: .once
        case .wait, .assert, .collect, .manual, .ask, .stop: .read
        }
    }

    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        for step in draft.steps {
            if ["run", "http"].contains(step.keyword), step.effect == nil,
                step.effectMark == step.mark
            {
                let what = step.keyword == "run" ? "A script" : "A request"
                document.error(
                    "effect-missing", "\(what) may do anything, so this step must say its effect.",
                    at: step.mark,
                    hint: "Add `effect:` with one of: read, idempotent, once, irreversible.")
            }
            if let action = step.action { checkStrength(step, action, &document) }
            checkWriting(step, &document)
            checkRestart(step, &document)
            checkFrame(step, draft, &document)
        }
    }

    /// What begins a wave is begun again after a pause: what may happen once needs what gives it back.
    private static func checkFrame(
        _ step: RunbookDraft.StepDraft, _ draft: RunbookDraft, _ document: inout DocumentReading
    ) {
        guard step.list == .before, [.once, .irreversible].contains(step.effect),
            !draft.steps.contains(where: { $0.list == .after })
        else { return }
        document.error(
            "effect-too-strong",
            "A wave that is left and entered again has 'before_wave' done once more, and this step "
                + "may happen once.", at: step.effectMark,
            hint: "Give it back in 'after_wave', or make it idempotent.")
    }

    private static func checkStrength(
        _ step: RunbookDraft.StepDraft, _ action: Action, _ document: inout DocumentReading
    ) {
        if case .http(let request) = action, step.effect == .read, !request.method.isSafe {
            document.error(
                "effect-too-weak",
                "A \(request.method.rawValue) asks for something to be done, and 'read' promises "
                    + "that nothing is.",
                at: step.effectMark,
                hint: "Say idempotent, once or irreversible, or use `method: GET`.")
        }
        guard let said = step.effect, let usual = usual(for: action) else { return }
        if usual == .read, said != .read {
            document.error(
                "bad-value",
                "'\(action.keyword)' only reads, so its effect can't be "
                    + "'\(said.rawValue)'.",
                at: step.effectMark, hint: "Remove `effect`.")
        } else if rank(said) < rank(usual) {
            document.error(
                "effect-too-weak",
                "'\(action.keyword)' is '\(usual.rawValue)' by nature, and '\(said.rawValue)' "
                    + "promises less.",
                at: step.effectMark, hint: "Remove `effect`, or say a stronger one.")
        }
    }

    /// A step that only reads has nothing to undo or to give back.
    private static func checkWriting(
        _ step: RunbookDraft.StepDraft, _ document: inout DocumentReading
    ) {
        guard step.effect == .read, ["run", "http"].contains(step.keyword) else { return }
        for (key, mark) in step.writingKeys {
            document.error(
                "misplaced-key",
                "A step of effect 'read' changes nothing, so '\(key)' means "
                    + "nothing.",
                at: mark, hint: "Remove it, or say the real effect.")
        }
    }

    /// A script that restarts its target can't say itself whether all went well.
    private static func checkRestart(
        _ step: RunbookDraft.StepDraft, _ document: inout DocumentReading
    ) {
        guard let built = step.step, built.expectsReboot, built.unless == nil, built.verify.isEmpty
        else { return }
        document.error(
            "missing-key", "Nothing says after the restart whether the step was done.",
            at: step.mark, hint: "Add `verify` or `unless` beside `expects: reboot`.")
    }

    private static func rank(_ effect: Effect) -> Int {
        switch effect {
        case .read: 0
        case .idempotent: 1
        case .once: 2
        case .irreversible: 3
        }
    }
}
