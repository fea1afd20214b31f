import Runbooks
import Runner

/// Typed actions: built-in programs that get their values as arguments and files.
extension Performance {
    /// The most that a diff may take.
    private static let longestDiff = 64 << 10

    /// Brings a file to its wanted state, or looks whether it is.
    mutating func file(_ action: FileAction) async throws(Session.Failure) -> AttemptReport {
        let path = try text(of: action.path, as: "a path")
        guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.contains("\n") else {
            throw .notStarted("\(printableExcerpt(path)) is no absolute path of a file.")
        }
        var arguments: [Invocation.Argument] = [.text(request.mode.rawValue), .text(path)]
        switch action.content {
        case .absent: arguments += [.text("absent"), .text("-")]
        case .file(let source):
            guard await session.hasStaged(source) else {
                throw .notStarted("The file \(source) is not among the runbook's files.")
            }
            arguments += [.text("content"), .staged(source)]
        case .template(let source, let values):
            try await session.stage(
                try await rendered(source, values), at: "in/rendered", isProgram: false)
            arguments += [.text("content"), .staged("in/rendered")]
        }
        arguments += [
            .text(action.mode.map { String($0, radix: 8) } ?? "-"), .text(action.owner ?? "-"),
            .text(action.group ?? "-"),
        ]
        arguments += try memory()
        var environment: [String: String] = [:]
        var input: String?
        if let check = action.check, request.mode == .apply || request.mode == .undo {
            let invocation = try await invocation(check)
            arguments += invocation.words.map { .text($0) }
            if let script = invocation.script { arguments.append(.staged(script)) }
            arguments += invocation.arguments
            (environment, input) = (invocation.environment, invocation.standardInput)
        }
        return try await builtIn(
            PackageResources.file_sh, "in/file.sh", arguments, environment: environment,
            input: input)
    }

    /// Brings a service to its wanted state, or looks whether it is.
    mutating func service(_ action: ServiceAction) async throws(Session.Failure) -> AttemptReport {
        let name = try word(action.name, "a service's name", .service)
        return try await builtIn(
            PackageResources.service_sh, "in/service.sh",
            [.text(request.mode.rawValue), .text(name), .text(action.state.rawValue)] + memory())
    }

    /// Brings a Debian package to its wanted version, or looks whether it is.
    mutating func package(_ action: PackageAction) async throws(Session.Failure) -> AttemptReport {
        let name = try word(action.name, "a package's name", .package)
        let wanted: [String] =
            switch action.version {
            case .present: ["present", "-"]
            case .absent: ["absent", "-"]
            case .exactly(let version): ["exactly", try word(version, "a version", .version)]
            case .previous: ["previous", "-"]
            }
        let arguments = [request.mode.rawValue, name] + wanted
        return try await builtIn(
            PackageResources.package_sh, "in/package.sh",
            arguments.map { .text($0) } + memory())
    }

    /// Asks the target to restart; its answer says only that it was asked.
    mutating func reboot() async throws(Session.Failure) -> AttemptReport {
        guard request.mode == .apply || request.mode == .undo else {
            return AttemptReport(ending: .exited(1))
        }
        let path = "in/reboot.sh"
        if await !session.hasStaged(path) {
            try await session.stage(
                SessionRequest.compacted(PackageResources.reboot_sh), at: path, isProgram: true)
        }
        return AttemptReport(
            try await run(Invocation(words: ["sh"], script: path)), stopper.reason)
    }

    /// The run and the step under which the target remembers what was found and changed.
    private func memory() throws(Session.Failure) -> [Invocation.Argument] {
        guard let step = request.key.part.step else {
            throw .notStarted("A '\(request.action.keyword)' needs a step that it belongs to.")
        }
        return [.text(request.run.rawValue), .text(step.rawValue)]
    }

    /// Refuses to undo what has no undo of its own: a script would run again instead.
    func checkRestoring() throws(Session.Failure) {
        guard request.mode == .restore, Restoration(of: request.action) == nil else { return }
        throw .notStarted("\(PlannedUndo.obstacle(of: request.action)): nothing was undone.")
    }

    /// Refuses to do what is only to be looked at: a step that reads never writes.
    func checkLooking() throws(Session.Failure) {
        guard request.effect == .read, request.mode != .probe else { return }
        switch request.action {
        case .file, .service, .package, .reboot:
            throw .notStarted(
                "A '\(request.action.keyword)' that only reads can't be done: nothing was changed.")
        case .run, .wait, .assert, .collect, .http, .manual, .ask, .stop: return
        }
    }

    /// Runs a built-in program; its report tells what was changed and what differs.
    private mutating func builtIn(
        _ program: [UInt8], _ path: String, _ arguments: [Invocation.Argument],
        environment: [String: String] = [:], input: String? = nil
    ) async throws(Session.Failure) -> AttemptReport {
        if await !session.hasStaged(path) {
            try await session.stage(
                SessionRequest.compacted(PackageResources.state_sh + program), at: path,
                isProgram: true)
        }
        var invocation = Invocation(words: ["sh"], script: path, arguments: arguments)
        invocation.environment = environment
        invocation.standardInput = input
        invocation.wantsOutputs = true
        return builtInReport(try await run(invocation))
    }

    /// What the result of a built-in program means.
    func builtInReport(_ result: Exchange.StepResult) -> AttemptReport {
        var report = AttemptReport(result, stopper.reason)
        if request.mode == .probe {
            report.seen = Self.seen(report.outputs)
        } else {
            report.changed = report.outputs == Array("changed=yes\n".utf8)
        }
        report.outputs = []
        report.diff = Self.diff(report.stdout)
        return report
    }

    /// What a look told: two lines, `expected=…` and `actual=…`.
    private static func seen(_ outputs: [UInt8]) -> SeenState? {
        let lines = String(decoding: outputs, as: UTF8.self).split(separator: "\n")
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard let expected = value("expected"), let actual = value("actual") else { return nil }
        return SeenState(expected: expected, actual: actual)
    }

    private static func diff(_ output: CapturedOutput) -> String? {
        guard output.count > 0 else { return nil }
        do throws(JournalError) {
            return String(decoding: try output.prefix(longestDiff), as: UTF8.self)
        } catch {
            return "[the diff can't be read: \(error.message)]"
        }
    }

    /// A template of the runbook with its places filled.
    private func rendered(
        _ source: String, _ values: [String: Argument]
    ) async throws(Session.Failure) -> [UInt8] {
        guard let file = files.listed.first(where: { $0.path == source }) else {
            throw .notStarted("The template \(source) is not among the runbook's files.")
        }
        guard let written = String(validating: await files.bytes(file.sha256), as: UTF8.self)
        else { throw .notStarted("The template \(source) is not UTF-8 text.") }
        var known: [ParameterName: String] = [:]
        for (name, value) in values {
            guard let name = ParameterName(rawValue: name) else {
                throw .notStarted("'\(name)' is no name of a place in a template.")
            }
            known[name] = try text(of: value, as: "a value of a template")
        }
        let text: String?
        do throws(Template.Problem) {
            text = try Template(written).filled(with: known)
        } catch {
            throw .notStarted("The template \(source), line \(error.line): \(error.message)")
        }
        guard let text else {
            throw .notStarted("The template \(source) has a place without a value.")
        }
        return Array(text.utf8)
    }

    /// A value that may hold letters, digits and a few signs only, and no sign in front.
    private func word(
        _ argument: Argument, _ what: String, _ signs: NameGrammar.Signs
    ) throws(Session.Failure) -> String {
        let text = try text(of: argument, as: what)
        guard NameGrammar.isActionName(text, with: signs) else {
            throw .notStarted("\(printableExcerpt(text)) can't be \(what).")
        }
        return text
    }
}
