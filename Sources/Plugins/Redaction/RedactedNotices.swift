import Runbooks
import Runner
import Synchronization

/// Takes secrets out of a running step's live output, however it was cut into pieces.
///
/// A class, because it keeps one stream's state from piece to piece. Bytes that may be the start
/// of a secret are held back; what is held at a step's end is in its report only.
package final class RedactedNotices: Sendable {
    private struct Source: Hashable {
        let key: AttemptKey
        let isError: Bool
    }

    private let redactor: Redactor
    private let handOn: @Sendable (ExecutorNotice) -> Void
    private let streams = Mutex<[Source: RedactingStream]>([:])

    /// - Parameters:
    ///   - redactor: knows the run's secrets.
    ///   - handOn: gets every notice, redacted.
    package init(_ redactor: Redactor, handOn: @escaping @Sendable (ExecutorNotice) -> Void) {
        self.redactor = redactor
        self.handOn = handOn
    }

    /// Takes a notice; give this to an executor as its `notices`.
    package func take(_ notice: ExecutorNotice) {
        guard !redactor.isEmpty, case .output(let key, let bytes, let isError) = notice else {
            handOn(notice)
            return
        }
        let safe = streams.withLock { streams in
            let source = Source(key: key, isError: isError)
            if streams[source] == nil {
                // A target has one attempt under way: what is kept for an earlier one is over.
                streams = streams.filter { $0.key.key.target != key.target || $0.key.key == key }
            }
            return streams[source, default: RedactingStream(redactor)].feed(bytes)
        }
        if !safe.isEmpty { handOn(.output(key, bytes: safe, isError: isError)) }
    }
}
