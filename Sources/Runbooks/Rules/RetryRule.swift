/// A step that may be done only once is tried only once.
enum RetryRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        for step in draft.steps {
            guard let built = step.step, built.retry.attempts > 1,
                built.effect == .once || built.effect == .irreversible
            else { continue }
            document.error(
                "retry-unsafe",
                "A step of effect '\(built.effect.rawValue)' is never tried again by itself.",
                at: step.retryMark,
                hint: "Remove `retry`; if a second attempt does no harm, it is 'idempotent'.")
        }
    }
}
