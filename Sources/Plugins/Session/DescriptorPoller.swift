import CEpoll
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
        let ready: @Sendable () -> Void
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var nextID: UInt64 = 1
        /// The kernel's list of what is watched; nil before the thread runs.
        var list: CInt?
        /// Whose `ready` is being called, and whether that watch was cancelled meanwhile.
        var called: (id: UInt64, isCancelled: Bool)?
    }

    /// The most descriptors answered in one round.
    private static let roundSize = 64
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
            guard let list = startedList(&state) else { return nil }
            let id = state.nextID
            let events =
                readiness == .reading
                ? EPOLLIN.rawValue : EPOLLOUT.rawValue | EPOLLONESHOT.rawValue
            guard Self.control(list, EPOLL_CTL_ADD, descriptor, events, id) else { return nil }
            state.nextID += 1
            state.entries[id] = Entry(descriptor: descriptor, ready: ready)
            return Watch(id: id)
        }
    }

    /// Waits once more for a descriptor to be writable.
    func waitAgain(_ watch: Watch) {
        state.withLock { state in
            guard let list = state.list, let entry = state.entries[watch.id] else { return }
            _ = Self.control(
                list, EPOLL_CTL_MOD, entry.descriptor,
                EPOLLOUT.rawValue | EPOLLONESHOT.rawValue, watch.id)
        }
    }

    /// Ends the watching and closes the descriptor, as soon as no call of its `ready` is under way.
    func cancel(_ watch: Watch) {
        state.withLock { state in
            if state.called?.id == watch.id {
                state.called?.isCancelled = true
            } else {
                remove(watch.id, &state)
            }
        }
    }

    private func remove(_ id: UInt64, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: id), let list = state.list else {
            return
        }
        // By hand: closing alone leaves it on the list while a child has it, too.
        _ = Self.control(list, EPOLL_CTL_DEL, entry.descriptor, 0, id)
        close(entry.descriptor)
    }

    private func startedList(_ state: inout State) -> CInt? {
        if let list = state.list { return list }
        let list = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard list >= 0 else { return nil }
        state.list = list
        Thread.detachNewThread { self.serve(list) }
        return list
    }

    private static func control(
        _ list: CInt, _ operation: CInt, _ descriptor: CInt, _ events: UInt32, _ id: UInt64
    ) -> Bool {
        var event = epoll_event(events: events, data: epoll_data(u64: id))
        return epoll_ctl(list, operation, descriptor, &event) == 0
    }

    private func serve(_ list: CInt) {
        var events = [epoll_event](repeating: epoll_event(), count: Self.roundSize)
        while true {
            let count = epoll_wait(list, &events, CInt(events.count), -1)
            for event in events.prefix(Int(max(0, count))) { call(event.data.u64) }
        }
    }

    /// Calls an entry's `ready`, unless an earlier call of this round has cancelled it.
    private func call(_ id: UInt64) {
        let ready = state.withLock { state -> (@Sendable () -> Void)? in
            guard let entry = state.entries[id] else { return nil }
            state.called = (id, false)
            return entry.ready
        }
        guard let ready else { return }
        ready()
        state.withLock { state in
            if state.called?.isCancelled == true { remove(id, &state) }
            state.called = nil
        }
    }
}
