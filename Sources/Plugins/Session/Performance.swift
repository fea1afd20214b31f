import Runbooks
import Runner

/// One attempt in an open session: stages what it needs, runs it, says how it ended.
struct Performance {
    /// The longest value in one argument or variable; a longer one goes by standard input.
    static let longestValue = 64 << 10
    /// The most bytes that arguments and variables may take together.
    static let longestCommand = 1 << 20
    /// How an attempt is reported whose waiting task was cancelled.
    static let abandoned = Ending.unknown(
        "The controller stopped following this attempt; it may have ended or not.")

    let request: AttemptRequest
    let session: Session
    let files: RunbookFiles
    let stopper: Stopper
    let clock: ExecutorClock
    let grace: StopGrace
    let live: Exchange.Live
    /// Whether its program is claimed on the target, to outlive this session.
    let isDetached: Bool
    /// Whether anything was started on the target yet.
    private var hasStarted = false

    init(
        request: AttemptRequest, session: Session, files: RunbookFiles, stopper: Stopper,
        clock: ExecutorClock, grace: StopGrace, live: @escaping Exchange.Live,
        isDetached: Bool = false
    ) {
        self.request = request
        self.session = session
        self.files = files
        self.stopper = stopper
        self.clock = clock
        self.grace = grace
        self.live = live
        self.isDetached = isDetached
    }

    /// Carries the attempt out.
    mutating func report() async -> AttemptReport {
        do throws(Session.Failure) {
            try await stageRunbook()
            return try await timed().get()
        } catch {
            switch error {
            case .notStarted(let why): return AttemptReport(ending: .notStarted(why))
            case .claim: return AttemptReport(ending: Self.abandoned)
            case .abandoned:
                return AttemptReport(
                    ending: hasStarted
                        ? Self.abandoned : .notStarted("It was given up before it was started."))
            case .lost(let why, let partial):
                return AttemptReport(
                    ending: lostEnding(why), stdout: partial.stdout, stderr: partial.stderr)
            }
        }
    }

    /// Acts, with the step's time running.
    private mutating func timed() async -> Result<AttemptReport, Session.Failure> {
        let (clock, stopper, timeout) = (clock, stopper, request.timeout)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { if await clock.pause(timeout) { stopper.stop(.timedOut) } }
            defer { group.cancelAll() }
            do throws(Session.Failure) {
                return .success(try await act())
            } catch {
                return .failure(error)
            }
        }
    }

    private func lostEnding(_ why: String) -> Ending {
        guard hasStarted else { return .unreachable(why) }
        return .unknown(Self.wasStarted(why))
    }

    /// What is said of a step whose session was lost.
    static func wasStarted(_ why: String) -> String {
        why + " The step had been started; whether it has ended is not known."
    }

    /// Puts in place what a script's call needs, without starting it; nil for other actions.
    func prepared() async throws(Session.Failure) -> Invocation? {
        guard case .run(let call) = request.action else { return nil }
        try await stageRunbook()
        return try await invocation(call)
    }

    mutating func act() async throws(Session.Failure) -> AttemptReport {
        try checkRestoring()
        try checkLooking()
        switch request.action {
        case .run(let call):
            let invocation = try await invocation(call)
            return AttemptReport(try await run(invocation), stopper.reason)
        case .wait(let action): return try await wait(action)
        case .assert(let action): return try await assert(action)
        case .file(let action): return try await file(action)
        case .service(let action): return try await service(action)
        case .package(let action): return try await package(action)
        case .reboot: return try await reboot()
        case .collect(let action): return try await collect(action)
        case .http, .manual, .ask, .stop:
            throw .notStarted("A '\(request.action.keyword)' step can't be carried out here.")
        }
    }

    /// Puts the runbook's files in place, once for each session.
    func stageRunbook() async throws(Session.Failure) {
        for file in files.listed where await !session.hasStaged(file.path) {
            let bytes = await files.bytes(file.sha256)
            try await session.stage(
                bytes, at: file.path, isProgram: !file.path.hasPrefix("files/"),
                isShared: files.shared.admits(file.sha256, bytes))
        }
    }

    /// Starts a program and follows it to its end.
    mutating func run(
        _ invocation: Invocation, limit: OutputBuffer.Limit? = nil
    ) async throws(Session.Failure) -> Exchange.StepResult {
        guard stopper.reason == nil else {
            throw .notStarted("It was stopped before it was started.")
        }
        hasStarted = true
        let (session, stopper, grace, live) = (session, stopper, grace, live)
        if isDetached, let detachment = request.detachment {
            return try await session.detach(
                invocation, as: detachment.claim, timeout: request.timeout, stopper: stopper,
                grace: grace, live: live)
        }
        return try await session.run(
            invocation, stopper: stopper, grace: grace, limit: limit, live: live)
    }

    /// What a script's call means in this session, with everything it needs put in place.
    func invocation(_ call: ScriptCall) async throws(Session.Failure) -> Invocation {
        var invocation = Invocation(words: call.interpreter.isEmpty ? ["sh"] : call.interpreter)
        switch call.program {
        case .file(let path):
            guard await session.hasStaged(path) else {
                throw .notStarted("The script \(path) is not among the runbook's files.")
            }
            invocation.script = path
        case .inline(let text):
            invocation.script = try await session.stageText(text)
        }
        for argument in call.arguments {
            invocation.arguments.append(.text(try text(of: argument, as: "an argument")))
        }
        for (name, argument) in call.environment {
            guard SessionRequest.canCarry(name) else {
                throw .notStarted("A variable named \(name) can't be given to a script.")
            }
            invocation.environment[name] = try text(of: argument, as: "the variable \(name)")
        }
        try checkSize(invocation)
        if let input = call.standardInput {
            invocation.standardInput = try await stageInput(input)
        }
        invocation.wantsOutputs = request.wantsOutputs
        return invocation
    }

    /// A value's text, when it may stand in an argument or a variable.
    func text(
        of argument: Argument, as place: String
    ) throws(Session.Failure) -> String {
        guard case .text(let text) = argument else {
            throw .notStarted(
                "A secret can't be \(place): other accounts of the target could read it there. "
                    + "Give it to the script by 'stdin'.")
        }
        guard !text.utf8.contains(0) else {
            throw .notStarted("A value with a NUL byte can't be \(place).")
        }
        guard text.utf8.count <= Self.longestValue else {
            throw .notStarted(
                "A value of \(text.utf8.count) bytes can't be \(place): 65536 at most. Give it "
                    + "to the script by 'stdin'.")
        }
        return text
    }

    private func checkSize(_ invocation: Invocation) throws(Session.Failure) {
        var size = 0
        for case .text(let text) in invocation.arguments { size += text.utf8.count + 1 }
        for (name, value) in invocation.environment {
            size += name.utf8.count + value.utf8.count + 2
        }
        guard size <= Self.longestCommand else {
            throw .notStarted(
                "The arguments and variables take \(size) bytes: \(Self.longestCommand) at most. "
                    + "Give the longest by 'stdin'.")
        }
    }

    private func stageInput(_ input: Argument) async throws(Session.Failure) -> String {
        switch input {
        case .text(let text):
            try await session.stage(Array(text.utf8), at: "in/stdin", isProgram: false)
            return "in/stdin"
        case .reference(let name):
            guard let secret = secret(name) else {
                throw .notStarted("The value of \(name) is not known.")
            }
            try await session.stage(
                Array(secret.reveal().utf8), at: "secret/stdin", isProgram: false)
            return "secret/stdin"
        }
    }

    private func secret(_ name: Expression.Name) -> Secret? {
        request.secrets.first { "\($0.key)" == "\(name)" }?.value
    }
}

extension AttemptReport {
    /// A step's result; its ending is the stop's when one was asked for.
    init(_ result: Exchange.StepResult, _ reason: Stopper.Reason?) {
        self.init(ending: Ending(result, reason), stdout: result.stdout, stderr: result.stderr)
        outputs = result.outputs
        if let spooled = result.spooled { note(spooled) }
        let problem: String? =
            switch result.outputsWord {
            case "over": "it has more than 65536 bytes"
            case "odd": "it is no regular file, or was still being written to"
            default: nil
            }
        if let problem {
            stderr.append("\nhandrail: HANDRAIL_OUTPUT was not read: \(problem).\n".utf8)
        }
    }
}

extension AttemptReport {
    /// Counts what the target's spool didn't keep of a detached step.
    private mutating func note(_ end: SpooledEnd) {
        stdout.totalBytes += end.droppedOutput ?? 0
        stdout.droppedBytes += end.droppedOutput ?? 0
        stderr.totalBytes += end.droppedError ?? 0
        stderr.droppedBytes += end.droppedError ?? 0
        guard end.isPipeOpen else { return }
        stderr.append(
            "\nhandrail: something that the step left running still holds its output; what it wrote later is not here.\n"
                .utf8)
    }
}

extension Ending {
    /// How a step ended: by a stop that was asked for, or by itself.
    ///
    /// Of a detached step its supervisor says so, since it alone ends it.
    init(_ result: Exchange.StepResult, _ reason: Stopper.Reason?) {
        if let spooled = result.spooled {
            self =
                switch spooled.why {
                case .exit: .exited(result.status)
                case .timeout: .timedOut
                case .cancel: .cancelled
                }
            return
        }
        self =
            switch reason {
            case .timedOut: .timedOut
            case .cancelled: .cancelled
            case nil: .exited(result.status)
            }
    }
}
