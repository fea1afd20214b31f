import Runner

/// One target's place in a run: its session, and what must be proved before the next start.
///
/// The runner never has two attempts of one target under way, so calls come one after the other;
/// only `stop` and `close` may come beside an attempt.
actor TargetLine {
    /// What an attempt gets: a session that may start things, or why there is none.
    enum Opening: Sendable {
        case session(Session)
        case refused(Ending, isFinal: Bool = true)
        case stopped
        case abandoned
    }

    private let opener: SessionOpener
    private let opened: @Sendable (PlannedTarget, SessionGreeting) -> Void
    private var session: Session?
    /// Proofs of sessions whose processes may still live.
    private var unproved: [String] = []
    /// Proofs that were settled in this run.
    private var settled: Set<String> = []
    private var stopper: Stopper?
    /// Whether the attempt under way was asked to end: then its followers are, too.
    private var isStopped = false
    /// Whether no follower of the attempt under way may be begun any more.
    private(set) var isRecalled = false

    /// The spool that the run was opened on, as this leader met it.
    private var knownSpool: KnownSpool?

    init(
        opener: SessionOpener, opened: @escaping @Sendable (PlannedTarget, SessionGreeting) -> Void
    ) {
        self.opener = opener
        self.opened = opened
    }

    /// Names the attempt that `stop` is about; nil when it has ended.
    func attend(_ stopper: Stopper?) {
        self.stopper = stopper
        (isStopped, isRecalled) = (false, false)
    }

    /// Names the follower that `stop` is about from now on.
    func attend(follower: Stopper) {
        stopper = follower
        if isStopped { follower.stop(.cancelled) }
    }

    /// Ends the attempt under way, if there is one, and with it its followers.
    ///
    /// None is begun from now on; the one under way may not be followed yet, and is told then.
    func stop() async {
        isStopped = stopper != nil
        isRecalled = isStopped
        stopper?.stop(.cancelled)
        if isStopped { await session?.recall() }
    }

    /// Lets no follower of the attempt under way begin any more.
    func recall() async {
        isRecalled = stopper != nil
        await session?.recall()
    }

    /// The target's session, opened when there is none, with earlier ones proved gone.
    ///
    /// - Parameters:
    ///   - target: where it leads.
    ///   - earlier: the proofs of sessions whose processes may live, by the run's record.
    ///   - stopper: ends the waiting.
    ///   - isProving: whether earlier sessions must be proved gone; without it nothing may be started.
    /// - Returns: a session in which things may be started, or why there is none.
    func session(
        for target: PlannedTarget, earlier: [String], stopper: Stopper, isProving: Bool = true
    ) async -> Opening {
        if !opener.transport.endsWithController {
            unproved += earlier.filter { !settled.contains($0) && !unproved.contains($0) }
        }
        if let session, !session.isOpen {
            if !opener.transport.endsWithController { unproved.append(session.greeting.proof) }
            self.session = nil
        }
        if session == nil {
            let opening = await open(target, stopper)
            guard case .session(let new) = opening else { return opening }
            session = new
            opened(target, new.greeting)
        }
        guard let session else { return .abandoned }
        while isProving, let proof = unproved.first {
            do throws(Session.Failure) {
                guard try await session.isGone(proof, endingWithin: 5) else {
                    return .refused(.notStarted(Self.stillThere(target, proof)))
                }
                settled.insert(proof)
                unproved.removeAll { $0 == proof }
            } catch {
                return switch error {
                case .abandoned: .abandoned
                case .lost(let why, _): .refused(.unreachable(why), isFinal: false)
                case .notStarted(let why): .refused(.notStarted(why))
                case .claim: .refused(.notStarted("An answer that was not asked for."))
                }
            }
        }
        return .session(session)
    }

    /// Takes the spool that a session has opened; whether that isn't recorded yet.
    func note(_ spool: OpenedSpool, _ session: Session) -> Bool {
        guard spool.run == .open else { return false }
        let new = KnownSpool(id: spool.id, bootID: session.greeting.bootID)
        defer { knownSpool = new }
        return knownSpool != new
    }

    /// Removes what the run keeps on the target; what can't be removed now stays.
    func clean() async {
        guard let session, knownSpool != nil else { return }
        do throws(Session.Failure) {
            _ = try await session.clean()
        } catch {
            // The next run that is opened on this spool clears it away.
            return
        }
    }

    /// Ends the session in order.
    func close() async {
        guard let session else { return }
        self.session = nil
        await session.close()
    }

    /// Gives the session up at once.
    func hangUp() {
        session?.hangUp()
        session = nil
    }

    private func open(_ target: PlannedTarget, _ stopper: Stopper) async -> Opening {
        let opener = opener
        return await withTaskGroup(of: Opening?.self) { group in
            group.addTask { await stopper.wait() == nil ? nil : .stopped }
            group.addTask {
                switch await opener.open(target) {
                case .success(let session): .session(session)
                case .failure(let refusal): .refused(refusal.ending, isFinal: refusal.isFinal)
                case nil: .abandoned
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // A session that opened while the attempt was being stopped is given back.
            for await late in group {
                if case .session(let session) = late { session.hangUp() }
            }
            return first ?? .abandoned
        }
    }

    private static func stillThere(_ target: PlannedTarget, _ proof: String) -> String {
        let group = proof.split(separator: " ").first ?? "?"
        return "Processes of an earlier session may still run on \(target.name) (process group "
            + "\(group)). Look at them with 'ps -o pid,args -g \(group)' there, end them, then "
            + "try again."
    }
}
