import Runbooks
import Runner
import Testing

@testable import Plugins

/// Attempts as tests write them.
enum Requests {
    /// A request to run a script on a target.
    static func run(
        _ call: ScriptCall, on target: PlannedTarget, step: String = "look",
        timeout: Duration = .seconds(60), wantsOutputs: Bool = false
    ) throws -> AttemptRequest {
        try request(
            .run(call), on: target, step: step, timeout: timeout, wantsOutputs: wantsOutputs)
    }

    /// A request to carry out any action.
    static func request(
        _ action: Action, on target: PlannedTarget, step: String = "look", mode: Mode = .apply,
        timeout: Duration = .seconds(60), wantsOutputs: Bool = false
    ) throws -> AttemptRequest {
        let step = try requireName(StepID(rawValue: step))
        return AttemptRequest(
            run: try requireName(RunID(rawValue: "r-20270501-0714-k3f9")),
            key: AttemptKey(target: target.name, part: .action(step), number: 1), target: target,
            place: .target, action: action, mode: mode, timeout: timeout,
            wantsOutputs: wantsOutputs)
    }

    /// A target at an address.
    static func target(
        _ name: String, address: String, port: Int, user: String? = nil,
        becomeUser: String? = nil, hostKeys: [String] = []
    ) throws -> PlannedTarget {
        PlannedTarget(
            name: try requireName(TargetName(rawValue: name)), address: address, port: port,
            user: user, becomeUser: becomeUser, hostKeys: hostKeys, labels: [:])
    }

    /// A target that leads to a server, with the host key that the plan would name.
    static func target(
        _ name: String, at server: SSHServer, becomeUser: String? = nil
    ) throws -> PlannedTarget {
        try target(
            name, address: server.address, port: server.port, becomeUser: becomeUser,
            hostKeys: [try server.hostKey.fingerprint])
    }

    /// A name that must be one.
    private static func requireName<Name>(_ name: Name?) throws -> Name {
        try #require(name)
    }
}
