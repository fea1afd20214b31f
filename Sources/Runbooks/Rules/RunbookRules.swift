/// The rules that look at a whole runbook, after all of its parts were read.
enum RunbookRules {
    /// A rule: it reads the draft, and notes what it finds.
    typealias Rule = @Sendable (RunbookDraft, RunbookFiles, inout DocumentReading) -> Void

    /// All rules; their order doesn't matter, findings are sorted by place.
    static let all: [Rule] = [
        NamespaceRule.check, ReferenceRule.check, ComparisonRule.check, UnusedRule.check,
        EffectRule.check, RetryRule.check, ReleaseRule.check, SecretRule.check, SpliceRule.check,
        ItemsRule.check, FactRule.check,
        FileRule.check, TemplateRule.check, ArticleRule.check, RequestRule.check,
    ]
}
