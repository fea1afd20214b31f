import CGit2
import Foundation
import Runner

/// What refuses a trail, and what to do about it.
extension JournalError {
    /// The refusal for an error that a use of the trail at a path ended with.
    ///
    /// A `JournalError` passes unchanged.
    init(trail error: any Error, path: String) {
        switch error {
        case let known as JournalError: self = known
        case let error as GitFailure: self.init(git: error, path: path)
        case let error as FileError where error.isFull: self = .trailIsFull(path, cause: error)
        case let error as FileError where error.number == EWOULDBLOCK:
            self = .trailIsLocked(error.path, cause: error)
        case let error as FileError:
            self.init(
                .io,
                "The trail \(path) can't be used: \(error.call) of \(error.path) failed: "
                    + "\(error.reason).",
                hint: "Check that the home and its files are yours and can be written.",
                cause: error)
        default: self.init(.io, "The trail \(path) could not be used.", cause: error)
        }
    }

    private init(git error: GitFailure, path: String) {
        let reasons = [ENOSPC, EDQUOT].map { String(cString: strerror($0)) }
        if reasons.contains(where: error.message.contains) || DiskSpace.isUsedUp(at: path) {
            self = .trailIsFull(path, cause: error)
        } else if error.isA(GIT_EMODIFIED) || error.isA(GIT_EEXISTS) || error.isA(GIT_ELOCKED) {
            self.init(
                .locked, "Something else than Handrail moved the branch of the trail \(path).",
                hint: "Find what writes there ('fuser -v \(path)'), then run "
                    + "'handrail audit verify'.", cause: error)
        } else {
            self.init(
                .io,
                "The trail \(path) could not be used: libgit2 could not \(error.doing): "
                    + "\(error.message).",
                hint: "Look at the kernel's log for the disk ('dmesg') and run "
                    + "'handrail audit verify'.", cause: error)
        }
    }

    static func trailIsFull(_ path: String, cause: any Error) -> JournalError {
        JournalError(
            .full, "No space is left for the trail \(path): nothing was sealed.",
            hint: "Free space on its file system ('df -h'), then try again.", cause: cause)
    }

    static func trailIsLocked(_ path: String, cause: any Error) -> JournalError {
        JournalError(
            .locked, "Another process held \(path) for too long.",
            hint: "Look who has it open ('fuser -v \(path)'), then try again.", cause: cause)
    }

    static func noTrail(_ path: String, _ why: String = "") -> JournalError {
        JournalError(
            .notFound, "There is no trail at \(path)\(why).",
            hint: "It is made with the home's first run. If one was there, restore it from a "
                + "backup or from the remote it was pushed to.")
    }

    static func foreignTrail(_ path: String, _ why: String) -> JournalError {
        JournalError(
            .corrupt, "\(path) is no trail of this home: \(why).",
            hint: "Look who put it there ('handrail audit verify' says what it holds). Move it "
                + "away and restore the trail from a backup or from its remote.")
    }

    static func damagedTrail(_ path: String, _ what: String) -> JournalError {
        JournalError(
            .corrupt, "The trail \(path) is damaged: \(what).",
            hint: "Stop all runs, keep a copy of it, run 'handrail audit verify' to see how far "
                + "it can be trusted, and restore it from a backup or from its remote.")
    }

    static func brokenChain(at sequence: Int) -> JournalError {
        JournalError(
            .corrupt, "Event \(sequence) doesn't follow the one before it in the trail.",
            hint: "Stop all runs, keep a copy of the home, and run 'handrail audit verify'.")
    }

    static func unreadableLine(
        _ sequence: Int, _ problem: TrailRecord.Problem
    ) -> JournalError {
        let why =
            switch problem {
            case .form(let what): what
            case .field(let key): "'\(key)' is missing or wrong"
            }
        return JournalError(
            .corrupt, "Event \(sequence) can't go into the trail: \(why).",
            hint: "Stop all runs, keep a copy of the home, and run 'handrail audit verify'.",
            cause: problem)
    }
}
