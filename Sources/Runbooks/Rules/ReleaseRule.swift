/// A release is paid after its own step or a later one.
enum ReleaseRule {
    static func check(
        _ draft: RunbookDraft, _ files: RunbookFiles, _ document: inout DocumentReading
    ) {
        var indexes: [String: Int] = [:]
        for (index, step) in draft.steps.enumerated() where step.list == nil {
            if let id = step.id?.rawValue, indexes[id] == nil { indexes[id] = index }
        }
        for (index, step) in draft.steps.enumerated() {
            guard let release = step.releaseAfter else { continue }
            guard let after = indexes[release.id.rawValue] else {
                let near = nearestName(to: release.id.rawValue, among: indexes.keys)
                document.error(
                    "dangling-reference", "There is no step '\(release.id)' to pay after.",
                    at: release.mark, hint: near.map { "Did you mean '\($0)'?" })
                continue
            }
            if after < index {
                document.error(
                    "release-order", "The step '\(release.id)' comes before this one.",
                    at: release.mark, hint: "Name this step, or a later one.")
            }
        }
    }
}
