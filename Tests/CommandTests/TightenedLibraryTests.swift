import Runbooks
import Runner
import Testing

@testable import handrail

/// A library under trust's floors.
struct TightenedLibraryTests {
    @Test func onlyItsPoliciesAreTightened() {
        let position = SourcePosition(file: "handrail.yaml", line: 1, column: 1)
        let configuration = Configuration(
            libraryID: "lab",
            environments: [
                EnvironmentRule(name: "lab", content: .off, change: .off, isProduction: false)
            ],
            protect: [ProtectRule(per: ["cluster"], limit: .count(1))], timezone: "Europe/Berlin",
            calendars: [
                CalendarRule(
                    name: "weekend", file: "calendars/weekend.ics", kind: .windows,
                    timezone: "Europe/Berlin", position: position)
            ],
            changeTypes: [ChangeType(name: "driver", severity: .minor, windows: ["weekend"])])
        let opened = OpenedLibrary(
            library: Library(
                configuration: configuration, inventory: Inventory(targets: []), runbooks: [],
                tree: LibraryTree(source: "tests", entries: [:])),
            source: "main@3f2c1d9", commit: nil, diagnostics: [])
        let book = TrustBook(
            people: [], floors: [EnvironmentFloor(name: "lab", change: .required)],
            digest: .sha256(of: [1]))
        let made = opened.tightened(
            by: .known(book, account: "ann", at: Timestamp(milliseconds: 0)))
        let tightened = made.library.library.configuration
        #expect(tightened.environments.map(\.change) == [.required])
        #expect(!made.notes.isEmpty)
        #expect(tightened == configuration.replacing(environments: tightened.environments))
        #expect(tightened.calendars == configuration.calendars)
        #expect(tightened.changeTypes == configuration.changeTypes)
        #expect(tightened.timezone == "Europe/Berlin")
    }
}
