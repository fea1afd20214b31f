import Runbooks

/// What the steps before may have changed on a target, when a dry run looks at it.
///
/// A typed action says exactly what it would change, so it disturbs its own object, and every
/// script (a script may look at anything). All other steps that may act disturb everything.
enum Disturbance: Sendable, Hashable {
    case none
    case objects(Set<String>, by: StepID)
    case anything(by: StepID)

    /// Adds what one more step would do.
    mutating func add(_ step: Step, isSimulated: Bool) {
        switch self {
        case .anything: return
        case .none, .objects:
            guard isSimulated, let object = step.action.object else {
                self = .anything(by: step.id)
                return
            }
            if case .objects(let objects, let first) = self {
                self = .objects(objects.union([object]), by: first)
            } else {
                self = .objects([object], by: step.id)
            }
        }
    }

    /// The step that may change what a script looks at.
    var beforeScript: StepID? {
        switch self {
        case .none: nil
        case .objects(_, let step), .anything(let step): step
        }
    }

    /// The step that may change what an action looks at.
    func before(_ action: Action) -> StepID? {
        guard let object = action.object else { return beforeScript }
        switch self {
        case .none: return nil
        case .objects(let objects, let step): return objects.contains(object) ? step : nil
        case .anything(let step): return step
        }
    }
}

extension Action {
    /// The one thing that a typed action changes; nil where it may be more than that.
    ///
    /// A package's own scripts run when it is installed, a restart makes programs do anything.
    fileprivate var object: String? {
        switch self {
        case .file(let file):
            guard case .text(let path) = file.path else { return nil }
            return "file \(path)"
        case .service(let service) where service.state == .running || service.state == .stopped:
            guard case .text(let name) = service.name else { return nil }
            return "service \(name)"
        case .service, .package, .run, .reboot, .wait, .assert, .collect, .http, .manual, .ask,
            .stop:
            return nil
        }
    }
}
