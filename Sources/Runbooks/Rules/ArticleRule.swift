/// A runbook has an article, which says what the symptom is and when to escalate.
enum ArticleRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        guard files.entry("README.md") == nil else { return }
        document.warning(
            "missing-article", "There is no README.md beside this document.", at: draft.start,
            hint: "Write the article: symptom, cause, what the runbook does, when to escalate.")
    }
}
