import Audit
import Runbooks

/// Looks at the library: whether it is found, at which commit, and whether its documents are sound.
struct LibraryCheck: Sendable {
    let session: Session

    /// The library when it can be used, and the findings about it.
    func findings() async -> (OpenedLibrary?, [DoctorFinding]) {
        do {
            let folder = try LibraryFolder.nearest(to: session.libraryPath)
            let opened = try await quiet.openLibrary()
            var findings = [
                DoctorFinding(
                    opened.source.hasSuffix("clean") ? .ok : .warning, "library",
                    "\(folder.root), \(opened.source)",
                    remedy: opened.source.hasSuffix("clean")
                        ? nil : "runs use the commit: commit what is meant to count")
            ]
            findings.append(documents(opened))
            return (opened, findings)
        } catch {
            let failure = Failure(error)
            let remedy = failure.hint ?? "handrail validate"
            return (
                nil, [DoctorFinding(.problem, "library", failure.message, remedy: remedy)]
            )
        }
    }

    /// The same session without warnings: they are findings here.
    private var quiet: Session {
        var world = session.world
        world.terminal.writeError = { _ in }
        return Session(
            console: Console(world: world, isJSON: session.console.isJSON),
            options: session.options)
    }

    private func documents(_ opened: OpenedLibrary) -> DoctorFinding {
        let errors = opened.diagnostics.count { $0.severity == .error }
        let text =
            CountText.of(opened.library.runbooks.count, "runbook") + ", "
            + CountText.of(opened.library.inventory.targets.count, "target")
        guard errors == 0 else {
            return DoctorFinding(
                .problem, "documents", "\(text); \(CountText.of(errors, "error"))",
                remedy: "handrail validate shows them")
        }
        guard !opened.library.inventory.targets.isEmpty else {
            return DoctorFinding(
                .warning, "documents", "\(text): there is nothing to run on",
                remedy: "write your targets into inventory/*.yaml, and commit")
        }
        return DoctorFinding(.ok, "documents", text)
    }
}
