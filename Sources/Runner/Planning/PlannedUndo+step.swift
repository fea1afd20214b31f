import Runbooks

extension PlannedUndo {
    /// What a rollback does about a step; nil for a step that only reads.
    package init?(undoing step: Step) {
        guard step.effect != .read else { return nil }
        self.init(step: step.id, actions: step.undo, notUndone: nil)
        if let scope = step.scope {
            notUndone = "it is done once for the \(scope.rawValue)"
        } else if step.effect == .irreversible {
            notUndone = "irreversible"
        } else if step.undo == nil {
            restores = Restoration(of: step.action)
            notUndone = restores == nil ? Self.obstacle(of: step.action) : nil
        }
    }

    /// Why an action can't be undone where the runbook doesn't say how.
    package static func obstacle(of action: Action) -> String {
        if case .reboot = action { return "a reboot can't be undone" }
        guard case .service(let service) = action else { return "no undo written" }
        switch service.state {
        case .restarted: return "a restart can't be undone"
        case .reloaded: return "a reload can't be undone"
        case .running, .stopped: return "no undo written"
        }
    }
}

/// What a typed action puts back when its step is undone and the runbook doesn't say how.
///
/// The target remembers what the step found (docs/semantics.md, "Undo"); `Mode.restore` does it.
package enum Restoration: Sendable, Hashable, Codable {
    /// A file's content, mode and owner from before, or that there was none.
    case file(path: Argument)
    /// Whether a service ran.
    case service(name: Argument)
    /// The version from before, or that it was not installed.
    case package(name: Argument)

    /// What an action would put back; nil for one that has no undo of its own.
    package init?(of action: Action) {
        switch action {
        case .file(let file): self = .file(path: file.path)
        case .service(let service) where [.running, .stopped].contains(service.state):
            self = .service(name: service.name)
        case .package(let package): self = .package(name: package.name)
        case .service, .run, .reboot, .wait, .assert, .collect, .http, .manual, .ask, .stop:
            return nil
        }
    }

    /// What undoing would do, in words that follow "would"; a value known later stands as `$name`.
    package var sentence: String {
        switch self {
        case .file(let path):
            "put back \(text(path)) with its content, mode and owner, or remove it if it is new"
        case .service(let name): "start or stop \(text(name)), as it was"
        case .package(let name): "put back the version of \(text(name)), or remove it if it is new"
        }
    }

    private func text(_ argument: Argument) -> String {
        switch argument {
        case .text(let text): text
        case .reference(let name): "$\(name)"
        }
    }
}

extension Step {
    /// Whether something tells, before the action starts, that it is needed.
    ///
    /// That is its `unless`, or the look that a typed action takes by itself. A restart is always
    /// needed.
    package var isGuarded: Bool { unless != nil || Restoration(of: action) != nil }
}
