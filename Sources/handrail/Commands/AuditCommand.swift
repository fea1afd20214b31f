import ArgumentParser

/// `handrail audit`: the trail, and whether it can be believed.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "The trail: the signed record of what was planned, decided and done.",
        subcommands: [
            AuditLogCommand.self, AuditShowCommand.self, AuditVerifyCommand.self,
            AuditExportCommand.self, AuditPushCommand.self, AuditRotateKeyCommand.self,
        ])
}
