import Runner

/// The runs that a trail tells of, folded from its lines, the newest first.
package struct TrailHistory: Sendable {
    /// What is known of one run from the trail alone.
    package struct Run: Sendable, Hashable {
        /// Its id.
        package let id: String
        /// When it was opened; nil where the line that says so wasn't reached.
        package fileprivate(set) var opened: Timestamp?
        /// Who started it.
        package fileprivate(set) var actor = ""
        /// The runbook's id.
        package fileprivate(set) var runbook = ""
        /// The runbook's title.
        package fileprivate(set) var title = ""
        /// All of its targets.
        package fileprivate(set) var targets: [String] = []
        /// The ticket it was started for; nil without one.
        package fileprivate(set) var ticket: String?
        /// The alert that it answers; nil without one.
        package fileprivate(set) var alert: String?
        /// Where its runbook came from.
        package fileprivate(set) var library = ""
        /// When it was closed; nil while it is open.
        package fileprivate(set) var closed: Timestamp?
        /// Its last state that was recorded.
        package fileprivate(set) var state: String?
        /// Whether it helped; nil while it is open.
        package fileprivate(set) var resolution: String?
        /// Its first and its last event that were read, by `seq`.
        package fileprivate(set) var events: ClosedRange<Int>
        /// How many commits hold its events.
        package fileprivate(set) var commits = 0
    }

    /// The runs whose opening was read, the newest first.
    package private(set) var runs: [Run] = []
    /// Lines about no run that a person should see, the newest first.
    package private(set) var acts: [TrailReader.Line] = []

    private var open: [String: Run] = [:]
    private static let telling: Set<String> = Set(
        [
            TrailEvent.Kind.trailCreated, .keyAdded, .trailGap, .escalated, .flagged, .homeRestored,
            .homePruned, .trustChanged,
        ].map(\.rawValue))

    /// A history that nothing was taken into yet.
    package init() {}

    /// Takes a commit's lines in; commits come from the newest to the oldest.
    package mutating func take(_ lines: [TrailReader.Line]) {
        var seen: Set<String> = []
        for line in lines.reversed() {
            let record = line.record
            guard let id = record.about["run"] else {
                if Self.telling.contains(record.kind) { acts.append(line) }
                continue
            }
            var run =
                open[id] ?? Run(id: id, events: record.sequence...record.sequence)
            run.take(record)
            if seen.insert(id).inserted { run.commits += 1 }
            open[id] = run
            if run.opened != nil {
                runs.append(run)
                open[id] = nil
            }
        }
    }
}

extension TrailHistory.Run {
    fileprivate mutating func take(_ record: TrailRecord) {
        events = record.sequence...events.upperBound
        switch TrailEvent.Kind(rawValue: record.kind) {
        case .runOpened:
            let known = TrailRun(opened: record)
            (opened, actor, title, runbook) = (record.at, known.actor, known.title, known.runbook)
            (targets, ticket, alert) = (known.targets, known.ticket, known.alert)
            library = known.library
        case .trailGap where record.detail("runbook") != nil:
            // Opened before the trail: all that is known stands in this line.
            opened = record.detail("opened").flatMap(Timestamp.init(trailText:)) ?? record.at
            actor = record.detail("actor") ?? ""
            (title, runbook) = (record.detail("title") ?? "", record.detail("runbook") ?? "")
        case .runClosed:
            (closed, state) = (record.at, record.detail("state"))
            resolution = record.detail("resolution")
        case .runState: state = state ?? record.detail("state")
        default: break
        }
    }
}
