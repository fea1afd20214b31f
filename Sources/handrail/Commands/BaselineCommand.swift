import ArgumentParser

/// `handrail baseline`: how servers are to be set up, and whether they are.
struct BaselineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline",
        abstract: "Baselines: what is due, auditing it, and what the last audits say.",
        discussion: """
            A baseline says how servers are to be set up. Auditing one looks at every item, and \
            writes nothing. 'handrail run ID' audits one baseline now; a timer calls \
            'handrail baseline audit'.
            """,
        subcommands: [
            BaselineReportCommand.self, BaselineAuditCommand.self, BaselineDueCommand.self,
        ])
}
