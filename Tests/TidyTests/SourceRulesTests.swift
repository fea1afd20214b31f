import Testing

/// The rules for each Swift file of ours, held by every one of them.
struct SourceRulesTests {
    private let sources = ProjectFiles.sources

    @Test func someSourcesAreRead() {
        #expect(sources.count > 100)
        #expect(sources.contains { $0.path == "Sources/Runner/Plan.swift" })
    }

    @Test func modulesImportWhatThePictureSays() {
        expectNone(sources.flatMap(ImportRule.findings))
    }

    @Test func decisionsTouchNoWorld() {
        expectNone(sources.flatMap(PurityRule.findings))
    }

    @Test func nothingBypassesTheCompiler() {
        expectNone(sources.flatMap(BannedRule.findings))
    }

    @Test func filesAndFunctionsFitAScreenOrTwo() {
        let tests = ProjectFiles.swift(below: "Tests")
        expectNone((sources + tests).flatMap(SizeRule.findings))
    }

    @Test func whatOthersSeeIsDocumented() {
        expectNone(sources.flatMap(DocumentationRule.findings))
    }

    @Test func typesUseOurWords() {
        expectNone(sources.flatMap(VocabularyRule.findings))
    }

    @Test func diagnosticCodesAreInTheFormat() {
        let runbooks = sources.filter { $0.module == "Runbooks" }
        expectNone(
            DiagnosticCodeRule.findings(
                in: runbooks, page: ProjectFiles.lines(DiagnosticCodeRule.page)))
    }

    @Test func errorCodesHaveExitCodes() {
        expectNone(ExitCodeRule.findings(in: sources))
    }

    @Test func commandsCanBeTyped() {
        expectNone(CommandRule.findings(in: sources))
    }
}

/// Expects that a rule found nothing, and lists what it found.
func expectNone(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
        findings.isEmpty, "\(findings.count) findings:\n\(findings.report)",
        sourceLocation: sourceLocation)
}
