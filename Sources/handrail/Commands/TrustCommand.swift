import ArgumentParser

/// `handrail trust`: who people are, what they may do, and which keys count.
struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Trust: who people are, what each may do, and which keys count.",
        subcommands: [
            TrustInitCommand.self, TrustShowCommand.self, TrustAddCommand.self,
            TrustRetireCommand.self, TrustHostsCommand.self, TrustVerifyCommand.self,
        ])
}
