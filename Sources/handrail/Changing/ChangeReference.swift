import ArgumentParser
import Audit
import Runbooks
import Runner

/// A change as people name it: `CHG-42`, `chg-42` or `42`.
struct ChangeReference: Sendable {
    let text: String

    /// The change that is meant.
    ///
    /// - Throws: `Failure` (invalidInput) with a near one, `JournalError`.
    func resolve(in journal: SQLiteJournal) async throws -> Change {
        let known = try await journal.changes(matching: ChangeFilter(limit: 20_000))
        if let id = ChangeID(typed: text), let change = known.first(where: { $0.id == id }) {
            return change
        }
        let near = nearestName(to: text.uppercased(), among: known.map(\.id.rawValue))
        throw Failure(
            .invalidInput, code: "change.notFound",
            known.isEmpty
                ? "There is no change in this home yet."
                : "There is no change \(printableExcerpt(text)) in this home.",
            hint: near.map { "did you mean \($0)?" }
                ?? "'handrail change list --all' lists them; 'handrail change open' asks for one")
    }
}

extension Session {
    /// The home with the changes, and the one that is meant; to be read, unless said.
    ///
    /// - Throws: `Failure`, `JournalError`.
    func openChange(_ text: String, toWrite: Bool = false) async throws -> (OpenedHome, Change) {
        guard let home = try await toWrite ? existingHome() : homeToRead() else {
            throw Failure(
                .invalidInput, code: "change.notFound",
                "There is no change in the home \(SafeText.line(homePath)) yet.",
                hint: "another home is named with --home or HANDRAIL_HOME")
        }
        if toWrite { try await home.refuseWhenTrailDiffers() }
        return (home, try await ChangeReference(text: text).resolve(in: home.journal))
    }
}

extension Session {
    /// The change whose plan it is; nil where it is none's.
    ///
    /// What was opened for the review of broken glass carries nothing out.
    /// - Throws: `Failure`, `JournalError`.
    func change(ofPlan plan: PlanID) async throws -> ChangeID? {
        guard let home = try await homeToRead() else { return nil }
        return try await home.journal.changes(matching: ChangeFilter(plan: plan))
            .first { $0.breakGlass == nil }?.id
    }
}

/// The change that a command is about.
struct ChangeIDArgument: ParsableArguments, Sendable {
    @ArgumentParser.Argument(
        help: ArgumentHelp("The change, such as CHG-42.", valueName: "change"),
        completion: .custom(Completions.changes))
    var change: String
}
