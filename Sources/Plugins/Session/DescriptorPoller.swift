import Foundation
import Glibc
import Synchronization

/// Calls back when a descriptor can be read or written: one thread for all sessions.
///
/// WHY NOT a DispatchSource: when the other end of a pipe closes, libdispatch takes its record of
/// the descriptor out on the source's queue while its own thread still reads it. Under load that
/// ended the process with a segmentation fault.
///
/// A class, because it owns the thread and the descriptors that it watches.
final class DescriptorPoller: Sendable {
    /// What is waited for.
    enum Readiness: Sendable {
        /// Bytes, or the end: told again until it is read or cancelled.
        case reading
        /// Room for bytes: told once, and again after `waitAgain`.
        case writing
    }

    /// One descriptor that is watched.
    struct Watch: Sendable, Hashable { fileprivate let id: UInt64 }

    private struct Entry {
        let descriptor: CInt
        let readiness: Readiness
        let ready: @Sendable () -> Void
        var isWaiting = true
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var cancelled: Set<UInt64> = []
        var nextID: UInt64 = 1
        /// Both ends of the pipe that interrupts the waiting; nil before the thread runs.
        var wakeUp: (reading: CInt, writing: CInt)?
    }

    /// The poller of this process.
    static let shared = DescriptorPoller()

    private let state = Mutex(State())

    /// Watches a descriptor, and owns it from now on; nil when the system has no room for that.
    ///
    /// `ready` is called on the poller's thread and must not wait.
    func watch(
        _ descriptor: CInt, for readiness: Readiness, _ ready: @escaping @Sendable () -> Void
    ) -> Watch? {
        state.withLock { state in
            guard startThread(&state) else { return nil }
            let id = state.nextID
            state.nextID += 1
            state.entries[id] = Entry(descriptor: descriptor, readiness: readiness, ready: ready)
            interrupt(state)
            return Watch(id: id)
        }
    }

    /// Waits once more for a descriptor to be writable.
    func waitAgain(_ watch: Watch) {
        state.withLock { state in
            state.entries[watch.id]?.isWaiting = true
            interrupt(state)
        }
    }

    /// Ends the watching and closes the descriptor, as soon as no call of `ready` is under way.
    func cancel(_ watch: Watch) {
        state.withLock { state in
            state.cancelled.insert(watch.id)
            interrupt(state)
        }
    }

    private func startThread(_ state: inout State) -> Bool {
        guard state.wakeUp == nil else { return true }
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return false }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        state.wakeUp = (ends[0], ends[1])
        let reading = ends[0]
        Thread.detachNewThread { self.serve(wokenBy: reading) }
        return true
    }

    /// Lets the thread look at the entries again; a full pipe wakes it up anyhow.
    private func interrupt(_ state: borrowing State) {
        guard let end = state.wakeUp?.writing else { return }
        var byte: UInt8 = 0
        _ = write(end, &byte, 1)
    }

    private func serve(wokenBy wakeUp: CInt) {
        while true {
            var (ids, polled) = waiting()
            polled.append(pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0))
            guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
            if polled[ids.count].revents != 0 {
                var drain = [UInt8](repeating: 0, count: 512)
                _ = read(wakeUp, &drain, drain.count)
            }
            for (id, answer) in zip(ids, polled) where answer.revents != 0 {
                due(id)?()
            }
        }
    }

    /// Removes what was cancelled, and lists the rest.
    private func waiting() -> ([UInt64], [pollfd]) {
        state.withLock { state in
            for id in state.cancelled {
                if let entry = state.entries.removeValue(forKey: id) { close(entry.descriptor) }
            }
            state.cancelled = []
            var ids: [UInt64] = []
            var polled: [pollfd] = []
            ids.reserveCapacity(state.entries.count)
            polled.reserveCapacity(state.entries.count + 1)
            for (id, entry) in state.entries where entry.isWaiting {
                ids.append(id)
                let events = entry.readiness == .reading ? POLLIN : POLLOUT
                polled.append(pollfd(fd: entry.descriptor, events: Int16(events), revents: 0))
            }
            return (ids, polled)
        }
    }

    /// What to call for an entry; nil when an earlier call of this round has cancelled it.
    private func due(_ id: UInt64) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.cancelled.contains(id), let entry = state.entries[id] else { return nil }
            if entry.readiness == .writing { state.entries[id]?.isWaiting = false }
            return entry.ready
        }
    }
}
