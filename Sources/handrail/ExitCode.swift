import Audit
import Runner
import Runbooks

/// How the process ends (docs/semantics.md, "Exit codes"): no code means two things.
enum ExitCode: Int32, Sendable, CaseIterable {
    case success = 0
    /// A fault of Handrail's, or reading or writing failed.
    case internalError = 1
    /// With `--detailed-exitcode`: there are changes, or audits that are due.
    case changes = 2
    /// Invalid input, document or home, or a command that the run can't take; nothing was started.
    case invalidInput = 3
    /// A gate refused, or waits.
    case refused = 4
    case targetsFailed = 5
    case unreachable = 6
    case rolledBack = 7
    case aborted = 8
    case unknown = 9
    case verificationFailed = 10
    case checksFailed = 11
    /// Paused, waiting for a person (to free space for a seal, too), or something is owed.
    case waiting = 12
    case rollbackFailed = 13
    /// The run ended, and did not help; or something deviates from its baseline.
    case unresolved = 14
    /// The trail is consistent, and nothing kept outside agrees with it.
    case notAnchored = 15
    case usage = 64

    /// Which code stands for several, first to last.
    static let precedence: [ExitCode] = [
        .rollbackFailed, .unknown, .aborted, .rolledBack, .waiting, .targetsFailed, .unreachable,
        .unresolved,
    ]

    /// The one code for everything that is true of a run; success when nothing is.
    static func worst(of codes: some Sequence<ExitCode>) -> ExitCode {
        let given = Set(codes)
        return precedence.first(where: given.contains) ?? .success
    }
}

extension ExitCode {
    init(_ code: PlanError.Code) {
        switch code {
        case .unknownRunbook, .noTargets, .tooManyTargets, .severalEnvironments,
            .unknownEnvironment, .badParameter, .unknownAlert, .missingFile, .unsafeFile, .badFile,
            .expired, .drift, .unprotected, .outsideWaves, .noValue, .notBuilt:
            self = .invalidInput
        }
    }

    init(_ code: SelectionError.Code) {
        switch code {
        case .missing, .badTerm, .unknownTarget, .unknownLabel, .ambiguous, .noMatch,
            .notForRunbook, .several:
            self = .invalidInput
        }
    }

    init(_ code: JournalError.Code) {
        switch code {
        // A home of a newer Handrail's, or without space, is none that can be used.
        case .notFound, .closed, .newerFormat, .full: self = .invalidInput
        // Somebody else is in the way; the message says who, and what to do.
        case .locked, .leaseLost, .repeated, .unreachable, .diverged: self = .refused
        case .corrupt: self = .verificationFailed
        case .io: self = .internalError
        }
    }

    init(_ code: HomeError.Code) {
        switch code {
        case .notOwned, .wrongMode, .notAFolder, .readOnly, .full: self = .invalidInput
        case .io: self = .internalError
        }
    }

    init(_ code: TrustError.Code) {
        switch code {
        case .unusable: self = .invalidInput
        case .malformed, .wrongNamespace, .wrongSignature: self = .verificationFailed
        case .noKey, .noProgram, .declined: self = .refused
        case .io: self = .internalError
        }
    }

    init(_ code: LibraryError.Code) {
        switch code {
        case .notFound, .notRepository, .noCommit, .unsafeOwner, .badEntry, .tooLarge:
            self = .invalidInput
        case .io: self = .internalError
        }
    }
}
