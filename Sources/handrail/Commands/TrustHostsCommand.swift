import ArgumentParser

/// `handrail trust hosts`: host keys of targets that count.
struct TrustHostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "Host keys of targets, as known_hosts has them.",
        subcommands: [TrustHostsAddCommand.self, TrustHostsShowCommand.self])
}
