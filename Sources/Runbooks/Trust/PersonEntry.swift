/// A person's file as it was written: its shape is checked, and what it means isn't.
package struct PersonEntry: Sendable, Hashable {
    /// A role, with the bounds it was given.
    package struct Grant: Sendable, Hashable {
        /// The role's word.
        package let role: PlacedText
        /// Names of environments.
        package let environments: [PlacedText]
        /// Ids, areas and patterns of runbooks.
        package let runbooks: [PlacedText]
        /// Patterns of targets' names.
        package let targets: [PlacedText]
    }

    /// A key, with when it counts.
    package struct Key: Sendable, Hashable {
        /// A line as a `.pub` file has it.
        package let line: PlacedText
        /// A day or a time.
        package let from: PlacedText?
        /// A day or a time.
        package let until: PlacedText?
    }

    /// The name of the file, without its end.
    package let id: PlacedText
    /// The name that people read; nil where it is missing, which was reported.
    package let name: String?
    /// Accounts of the system.
    package let accounts: [PlacedText]
    /// E-mails of git.
    package let git: [PlacedText]
    /// What they may be.
    package let roles: [Grant]
    /// What they sign with.
    package let keys: [Key]
    /// A day or a time.
    package let retired: PlacedText?
}
