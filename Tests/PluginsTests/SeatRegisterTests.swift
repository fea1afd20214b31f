import Runbooks
import Runner
import Testing

@testable import Plugins

struct SeatRegisterTests {
    private static let words: [Substring: String] = [
        "machine": "m1", "boot": "b1", "host": "h1", "uid": "0", "home": "/root",
    ]

    private func names(_ texts: String...) throws -> [TargetName] {
        try texts.map { try #require(TargetName(rawValue: $0)) }
    }

    @Test(arguments: ["machine", "boot", "host", "uid", "home"])
    func everyPartTellsTwoSeatsApart(part: Substring) throws {
        var words = Self.words
        words[part] = "another"
        #expect(MachineSeat(words) != MachineSeat(Self.words))
    }

    @Test(arguments: ["boot", "host", "uid", "home"])
    func aTargetThatDoesNotTellIsNotCompared(part: Substring) {
        var words = Self.words
        words[part] = "-"
        #expect(MachineSeat(words) == nil)
    }

    @Test func twoTargetsOnOneSeatStartNothingAndAreNamed() throws {
        let seat = try #require(MachineSeat(Self.words))
        let (register, name) = (SeatRegister(), try names("a1", "a2"))
        #expect(register.take(seat, for: name[0], isRehearsal: true) == nil)
        let second = try #require(register.take(seat, for: name[1], isRehearsal: true))
        let first = try #require(register.take(seat, for: name[0], isRehearsal: false))
        for why in [first, second] { #expect(why.contains("a1") && why.contains("a2")) }
        #expect(register.take(seat, for: name[1], isRehearsal: false) != nil)
    }

    @Test func aTargetWhoseStepsHaveBegunGoesOn() throws {
        let seat = try #require(MachineSeat(Self.words))
        let (register, name) = (SeatRegister(), try names("a1", "a2"))
        #expect(register.take(seat, for: name[0], isRehearsal: false) == nil)
        #expect(register.take(seat, for: name[1], isRehearsal: false) != nil)
        #expect(register.take(seat, for: name[0], isRehearsal: false) == nil)
    }

    @Test(.enabled(if: SSHServer.isAvailable))
    func aMachineWithTwoNamesIsNoticedOverSSHUnlessHomesDiffer() async throws {
        let homes = ["127.0.21.21": "/tmp", "127.0.21.22": "/var"]
        for isShared in [true, false] {
            let server = try await SSHServer(
                address: "127.0.21.21",
                options: isShared
                    ? []
                    : homes.sorted { $0.key < $1.key }.flatMap {
                        ["Match LocalAddress \($0.key)", "  SetEnv HOME=\($0.value)"]
                    }, alsoOn: "127.0.21.22")
            defer { server.stop() }
            let first = try Requests.target("a1", at: server)
            var second = try Requests.target("a2", at: server)
            second.address = "127.0.21.22"
            try server.setKnownHosts("* \(try server.hostKey.text)")
            let executor = SSHExecutor(settings: server.settings, files: .none, notices: { _ in })
            let call = ScriptCall(program: .inline("true"))
            let asks = [
                try Requests.run(call, on: first), try Requests.run(call, on: second),
            ]
            let endings = try await serving(executor) {
                [await executor.perform(asks[0]).ending, await executor.perform(asks[1]).ending]
            }
            #expect(endings[0] == .exited(0))
            #expect((endings[1] == .exited(0)) == !isShared, "\(endings[1])")
        }
    }
}
