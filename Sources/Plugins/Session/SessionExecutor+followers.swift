import Runbooks
import Runner

/// Attempts that follow one another on a target by themselves: one request, an answer for each.
extension SessionExecutor {
    /// Carries out an attempt and its followers, and reports each of them once, in order.
    func perform(
        _ request: AttemptRequest,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        guard !request.followers.isEmpty else {
            return await report(request.key, await perform(request))
        }
        let requests = [request] + request.followers
        let line = line(of: request.target.name)
        let begun = clock.now()
        let stopper = Stopper()
        await line.attend(stopper)
        switch await ready(request, line, stopper) {
        case .failure(let refusal):
            var first = AttemptReport(ending: refusal.ending)
            first.durationMilliseconds = (clock.now() - begun).inMilliseconds
            await report(request.key, first)
            for follower in request.followers {
                await report(follower.key, AttemptReport(ending: .afterBadEnd))
            }
        case .success(let session):
            let series = Series(
                requests: requests, session: session, files: files, line: line, clock: clock,
                grace: grace, live: requests.map { live($0.key) })
            if let sent = await series.send(stopper) {
                await series.follow(sent, stopper, since: begun, report: report)
            } else {
                await oneByOne(requests, line, report)
            }
        }
        await line.attend(nil)
    }

    /// Lets no follower of the attempt under way on a target begin any more.
    func recall(_ target: TargetName) async { await existingLine(of: target)?.recall() }

    /// What can't be sent together: each is begun once the one before it has ended well.
    private func oneByOne(
        _ requests: [AttemptRequest], _ line: TargetLine,
        _ report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        var stop: Ending?
        for request in requests {
            let begun = clock.now()
            let stopper = Stopper()
            await line.attend(follower: stopper)
            if stop == nil, request.key != requests[0].key, await line.isRecalled {
                stop = .recalled
            }
            var next: AttemptReport
            if let stop {
                next = AttemptReport(ending: stop)
            } else {
                next = await attempt(request, line, stopper)
                next.durationMilliseconds = (clock.now() - begun).inMilliseconds
                if next.ending != .exited(0) { stop = .afterBadEnd }
            }
            await report(request.key, next)
        }
    }
}

/// One request with several steps in an open session.
private struct Series {
    typealias Sent = (nonce: Nonce, latches: [Latch<Exchange.Reply>])

    let requests: [AttemptRequest]
    let session: Session
    let files: RunbookFiles
    let line: TargetLine
    let clock: ExecutorClock
    let grace: StopGrace
    let live: [Exchange.Live]

    /// Puts in place what the steps need, and sends them; nil when they can't go together.
    func send(_ stopper: Stopper) async -> Sent? {
        var invocations: [Invocation] = []
        for (request, live) in zip(requests, live) {
            let performance = Performance(
                request: request, session: session, files: files, stopper: stopper, clock: clock,
                grace: grace, live: live)
            do throws(Session.Failure) {
                guard let invocation = try await performance.prepared() else { return nil }
                invocations.append(invocation)
            } catch {
                // The way of one by one finds it again, and says it of the attempt it concerns.
                return nil
            }
        }
        guard stopper.reason == nil else { return nil }
        return await session.send(invocations, live: live)
    }

    /// Follows the steps to their ends.
    func follow(
        _ sent: Sent, _ first: Stopper, since begun: Duration,
        report: @Sendable (AttemptKey, AttemptReport) async -> Void
    ) async {
        var begun = begun
        var state = Following()
        for (index, request) in requests.enumerated() {
            let stopper = index == 0 ? first : Stopper()
            if index > 0 { await line.attend(follower: stopper) }
            if let late = state.late, let reason = late.reason {
                if late.isPassedOn { stopper.passOn() }
                stopper.stop(reason)
            }
            var next = await following(sent, index, request, stopper, &state)
            let now = clock.now()
            switch next.ending {
            case .heldBack: break
            default: next.durationMilliseconds = (now - begun).inMilliseconds
            }
            begun = now
            if next.ending == .recalled { state.stop = .recalled }
            if next.ending != .exited(0) { state.stop = state.stop ?? .afterBadEnd }
            await report(request.key, next)
        }
    }

    /// What is known of the steps so far.
    private struct Following {
        /// Why none should begin any more, if something did not end well.
        var stop: Ending?
        /// What the step before was to be ended by, when it had ended already: it meets this one.
        var late: Stopper?
    }

    /// Follows one step, with its time running.
    private func following(
        _ sent: Sent, _ index: Int, _ request: AttemptRequest, _ stopper: Stopper,
        _ state: inout Following
    ) async -> AttemptReport {
        let met = state.late?.reason
        state.late = nil
        do throws(Session.Failure) {
            guard
                let result = try await timed(
                    sent.latches[index], sent.nonce, request, stopper
                ).get()
            else {
                let isRecalled = await line.isRecalled
                return AttemptReport(
                    ending: state.stop ?? (isRecalled ? .recalled : .afterBadEnd))
            }
            if let reason = stopper.reason, result.status == 0, index + 1 < requests.count,
                await !wasLast(index, of: sent, stopper)
            {
                // Time that ran out just after the end is nothing to the next one.
                if reason == .cancelled || stopper.isPassedOn { state.late = stopper }
                return AttemptReport(result, nil)
            }
            // Where the target was not told, the step's own end came first.
            var report = AttemptReport(result, stopper.isPassedOn ? stopper.reason : nil)
            if state.stop != nil || met == .timedOut {
                report.ending = .unknown(
                    "It was being begun when the step before it was ended, and was ended with it.")
            }
            return report
        } catch {
            switch error {
            case .notStarted(let why): return AttemptReport(ending: .notStarted(why))
            case .claim: return AttemptReport(ending: Performance.abandoned)
            case .abandoned: return AttemptReport(ending: Performance.abandoned)
            case .lost(let why, let partial):
                let told =
                    state.stop == nil
                    ? Performance.wasStarted(why)
                    : why + " The step was sent ahead; whether it was begun is not known."
                return AttemptReport(
                    ending: .unknown(told), stdout: partial.stdout, stderr: partial.stderr)
            }
        }
    }

    /// Whether a step that ended well after it was to be ended is the last one of those begun.
    ///
    /// Else it had ended before the target was told, and what was told meets the next one.
    private func wasLast(_ index: Int, of sent: Sent, _ stopper: Stopper) async -> Bool {
        guard stopper.isPassedOn else { return false }
        do throws(Session.Failure) {
            // Told again, and killed after the grace: the next one may not hear it otherwise.
            return try await session.follow(
                sent.latches[index + 1], of: sent.nonce, stopper: stopper, grace: grace,
                about: "sh") == nil
        } catch {
            return false
        }
    }

    private func timed(
        _ latch: Latch<Exchange.Reply>, _ nonce: Nonce, _ request: AttemptRequest,
        _ stopper: Stopper
    ) async -> Result<Exchange.StepResult?, Session.Failure> {
        let (session, clock, grace) = (session, clock, grace)
        let follow = { () async -> Result<Exchange.StepResult?, Session.Failure> in
            do throws(Session.Failure) {
                return .success(
                    try await session.follow(
                        latch, of: nonce, stopper: stopper, grace: grace, about: "sh"))
            } catch {
                return .failure(error)
            }
        }
        guard latch.value == nil else { return await follow() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { if await clock.pause(request.timeout) { stopper.stop(.timedOut) } }
            defer { group.cancelAll() }
            return await follow()
        }
    }
}
