import Runbooks
import Runner

/// Small changes that tests are made of.
enum ChangeSamples {
    /// An instant so many seconds after a fixed one.
    static func time(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_795_000_000_000 + seconds * 1000)
    }

    static func id(_ number: Int = 42) -> ChangeID {
        guard let id = ChangeID(number: number) else { preconditionFailure("\(number)") }
        return id
    }

    static func name<Name: CheckedName>(_ text: String) -> Name {
        guard let name = Name(rawValue: text) else { preconditionFailure(text) }
        return name
    }

    static func digest(_ digit: Character) -> Digest { name(String(repeating: digit, count: 64)) }

    static func interval(_ start: Int64, _ end: Int64) -> Interval {
        guard let interval = Interval(time(start), time(end)) else { preconditionFailure("times") }
        return interval
    }

    /// A plan's reference; it expires after 35 days.
    static func plan(
        _ digit: Character = "a", targets: [String] = ["mbx1", "mbx2"], undone: Bool = true
    ) -> ChangePlan {
        let plan = Plan(
            planID: name(String(repeating: "1", count: 32)), libraryID: "house",
            runbook: PlannedRunbook(
                id: name("drivers.replace"), title: "Install the fixed driver", kind: .change,
                digest: digest("b"), files: []),
            environment: EnvironmentRule(
                name: "production", content: .required, change: .required, isProduction: true),
            parameters: [],
            targets: targets.map {
                PlannedTarget(
                    name: name($0), address: "127.0.0.1", port: 22, user: nil, becomeUser: nil,
                    hostKeys: [], labels: [:])
            },
            steps: [], verify: [],
            rollback: [
                PlannedUndo(
                    step: name("driver"), actions: undone ? [] : nil,
                    notUndone: undone ? nil : "no undo written")
            ],
            symptom: nil, rollout: Rollout(), onFailure: nil, created: time(0),
            expires: time(35 * 86_400))
        return ChangePlan(plan, digest: digest(digit), forecastDigest: digest("f"))
    }

    /// A complete request.
    static func request(
        urgency: ChangeUrgency = .normal, severity: ChangeSeverity? = nil
    ) -> ChangeRequest {
        ChangeRequest(
            title: "The fixed driver everywhere", why: "the old one loses interrupts",
            type: "driver-update", severity: severity, urgency: urgency, implementer: "ivo",
            wanted: interval(100_000, 120_000), expectedMilliseconds: 540_000,
            impact: .init(service: "none", capacity: "none", security: "none", recovery: "none"),
            plan: plan())
    }

    static func rules(
        quorum: Int = 2, severity: ChangeSeverity = .minor,
        isReviewed: Bool = false
    ) -> ChangeRules {
        ChangeRules(
            type: "driver-update", severity: severity, windows: ["weekend"], approvers: ["board"],
            quorum: quorum, reviewWithinMilliseconds: isReviewed ? 604_800_000 : nil)
    }

    /// A statement as it should be, for the sample change.
    static func statement(
        _ approver: String, decision: ChangeApproval.Decision = .approved, change: ChangeID = id(),
        environment: String = "production", library: String = "house", origin: String = "home",
        plan: Digest = digest("a"), forecast: Digest? = digest("f"), role: String = "board",
        issued: Int64 = 50, expires: Int64 = 20 * 86_400, nonce: String? = nil
    ) -> SignedApproval {
        let digits = nonce ?? Hexadecimal.text(of: approver.utf8)
        let padded = String((digits + String(repeating: "0", count: 32)).prefix(32))
        return SignedApproval(
            statement: ChangeApproval(
                decision: decision, library: library, origin: origin, change: change,
                environment: environment, planDigest: plan, forecastDigest: forecast,
                approver: approver, role: role, issued: time(issued), expires: time(expires),
                nonce: padded),
            signature: "signed by \(approver)")
    }

    /// Of people of the board, who sign with their names.
    static func facts(
        authors: Set<String> = ["lea"], starter: String? = nil, library: String = "house",
        origin: String = "home", board: Set<String> = ["ann", "bob", "cid", "rea", "ivo", "lea"]
    ) -> ApprovalFacts {
        ApprovalFacts(
            library: library, origin: origin, authors: authors, starter: starter,
            roles: { person, environment in
                board.contains(person) && environment == "production" ? ["board"] : []
            },
            signature: { signed in
                signed.signature == "signed by \(signed.statement.approver)"
                    ? .valid : .invalid("it is somebody else's")
            })
    }

    static func run(
        _ id: String = "r-1", by starter: String = "ivo", plan: Digest = digest("a"),
        isUndoing: Bool = false, isBound: Bool = true
    ) -> Change.Run {
        Change.Run(
            run: name(id), planDigest: plan, starter: starter, isUndoing: isUndoing,
            isBound: isBound)
    }
}

/// A change with all of its events, as a desk would have it.
struct ChangeScene {
    private(set) var change: Change
    private(set) var events: [RecordedChangeEvent]
    var seconds: Int64 = 60

    init(_ request: ChangeRequest = ChangeSamples.request(), by requester: String = "rea") {
        events = [
            RecordedChangeEvent(
                sequence: 1, at: ChangeSamples.time(0), actor: requester, event: .opened(request))
        ]
        guard let change = Change(ChangeSamples.id(), events: events) else {
            preconditionFailure("it is opened")
        }
        self.change = change
    }

    /// Lets something happen.
    ///
    /// - Returns: the texts of all refusals; empty when it happened.
    @discardableResult
    mutating func tell(_ input: ChangeInput, by actor: String = "may") -> [String] {
        switch change.decide(input, actor: actor, at: ChangeSamples.time(seconds)) {
        case .failure(let refusals): return refusals.list.map(\.text)
        case .success(let decided):
            for event in decided {
                let recorded = RecordedChangeEvent(
                    sequence: change.sequence + 1, at: ChangeSamples.time(seconds), actor: actor,
                    event: event)
                events.append(recorded)
                change.apply(recorded)
            }
            return []
        }
    }

    /// The sample change, led to a state.
    static func at(
        _ state: ChangeState, request: ChangeRequest = ChangeSamples.request(),
        rules: ChangeRules = ChangeSamples.rules()
    ) -> ChangeScene {
        var scene = ChangeScene(request)
        for input in path(to: state) {
            switch input {
            case .submit: scene.tell(.submit(rules))
            default: scene.tell(input)
            }
        }
        precondition(scene.change.state == state, "\(scene.change.state), not \(state)")
        return scene
    }

    private static func path(to state: ChangeState) -> [ChangeInput] {
        let facts = ChangeSamples.facts()
        let submit = ChangeInput.submit(nil)
        let assess = ChangeInput.assess(.init(note: "fits"))
        let approve = ["ann", "bob"].map {
            ChangeInput.decide(ChangeSamples.statement($0), facts)
        }
        let schedule = ChangeInput.schedule(ChangeSamples.interval(50, 5000), adds: false)
        let start = ChangeInput.runOpened(ChangeSamples.run())
        let end = ChangeInput.runEnded(ChangeSamples.run().run, .failed)
        let close = ChangeInput.close(.init(isComplete: true, note: "done"), unfinished: [])
        let reject = ChangeInput.decide(
            ChangeSamples.statement("ann", decision: .rejected), facts)
        switch state {
        case .draft: return []
        case .submitted: return [submit]
        case .assessed: return [submit, assess, approve[0]]
        case .approved: return [submit, assess] + approve
        case .scheduled: return path(to: .approved) + [schedule]
        case .implementing: return path(to: .scheduled) + [start]
        case .review: return path(to: .implementing) + [end]
        case .closed: return path(to: .review) + [close]
        case .rejected: return [submit, assess, reject]
        case .cancelled: return [.cancel(why: "not needed any more")]
        }
    }
}
