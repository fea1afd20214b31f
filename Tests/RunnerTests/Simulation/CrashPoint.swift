/// The places of a leader's work where it can be killed: each call of a port, and what it hears.
enum CrashPoint: String, CaseIterable {
    case open, takeOver, record, events, inbox, append, renew, release, admit, dismiss
    case seal, sealBeforeStart, store, observe
    case connect, sessionOpened, start, report, recall, cancel, close, clean, shutDown
    case ask, withdraw, askPeer, askGates

    /// Whether something may be half done in it: written, and not synced or told yet.
    var hasMiddle: Bool {
        switch self {
        case .open, .takeOver, .append, .renew, .release, .admit, .dismiss, .seal, .sealBeforeStart,
            .store:
            true
        case .record, .events, .inbox, .observe, .connect, .sessionOpened, .start, .report,
            .recall, .cancel, .close, .clean, .shutDown, .ask, .withdraw, .askPeer, .askGates:
            false
        }
    }

    /// When in such a call.
    enum Side: String, CaseIterable {
        case before
        /// What was written is not synced yet.
        case amid
        case after
    }
}

/// One place in one run: at the first, second, … time that it is passed.
struct CrashPlace: Hashable {
    let point: CrashPoint
    let side: CrashPoint.Side
    var occurrence = 1
}
