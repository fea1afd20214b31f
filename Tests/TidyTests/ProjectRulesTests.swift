import Testing

/// The rules for everything else in the project: pages, scripts, and text of any kind.
struct ProjectRulesTests {
    private let paths = ProjectFiles.paths

    @Test func noPathOfAMachineIsNamed() {
        expectNone(
            paths.flatMap { MachinePathRule.findings(inLines: ProjectFiles.lines($0), of: $0) })
    }

    @Test func whatIsUnfinishedNamesItsIssue() {
        expectNone(
            paths.flatMap { UnfinishedRule.findings(inLines: ProjectFiles.lines($0), of: $0) })
    }

    @Test func linksLeadSomewhere() {
        let pages = paths.filter { $0.hasSuffix(".md") }
        #expect(pages.contains("ARCHITECTURE.md"))
        expectNone(
            pages.flatMap {
                LinkRule.findings(
                    inLines: ProjectFiles.lines($0), of: $0, exists: ProjectFiles.exists)
            })
    }

    @Test func testsThatPagesNameAreThere() {
        let tests = ProjectFiles.swift(below: "Tests")
        let types = Set(tests.flatMap { $0.names(after: ["struct", "enum", "class", "actor"]) })
            .union(ProjectFiles.testTargets)
        // An invariant of the simulation is the case of an enumeration.
        let functions = Set(tests.flatMap { $0.names(after: ["func"]) + $0.caseNames })
        #expect(functions.contains("testsThatPagesNameAreThere"))
        let pages = paths.filter { $0.hasPrefix("docs/") && $0.hasSuffix(".md") }
        expectNone(
            pages.flatMap {
                NamedTestRule.findings(
                    inLines: ProjectFiles.lines($0), of: $0, types: types, functions: functions)
            })
    }

    @Test func scriptsCanBeStarted() {
        #expect(paths.contains("scripts/test"))
        expectNone(
            paths.flatMap {
                ScriptRule.findings(
                    about: $0, firstLine: ProjectFiles.lines($0).first ?? "",
                    isExecutable: ProjectFiles.isExecutable($0))
            })
    }
}
