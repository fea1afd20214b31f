/// A reason why no plan can be made, read or run.
package struct PlanError: Error, Sendable, Hashable {
    /// What kind of reason it is; callers switch on it.
    package enum Code: String, Sendable, CaseIterable {
        /// The runbook is not in the library.
        case unknownRunbook
        case noTargets
        /// More targets than `pick: one` allows.
        case tooManyTargets
        case severalEnvironments
        case unknownEnvironment
        /// A parameter without a value, or with one that scripts can't be given.
        case badParameter
        case unknownAlert
        case missingFile
        /// A symlink, a submodule, an LFS pointer or a path that the digest can't be taken of.
        case unsafeFile
        /// The plan file can't be read.
        case badFile
        case expired
        /// The rebuilt plan isn't the one in the file.
        case drift
        /// A target that no rule of the house protects, where the rules want all to be.
        case unprotected
        /// A target that no wave of the runbook selects.
        case outsideWaves
        /// A value says nothing for some targets.
        case noValue
        /// The kind of runbook is not built yet.
        case notBuilt
    }

    /// Why there is no plan; it decides the exit code.
    package let code: Code
    /// What is wrong, and where, in one sentence; no secrets.
    package let message: String
    /// What the operator can do next.
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
