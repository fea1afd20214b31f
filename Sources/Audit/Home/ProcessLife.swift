import Foundation
import Runner

/// Which process this is, and whether another one is provably dead.
///
/// A pid alone proves nothing, since the kernel gives it out again: proc_pid_stat(5), field 22
/// (start time), and `/proc/sys/kernel/random/boot_id` make it one process for ever.
package enum ProcessLife {
    /// A lease for this process; the nonce is random, so that two of its leases differ.
    ///
    /// - Throws: `JournalError` (io) where `/proc` can't be read.
    package static func lease(nonce: String) throws(JournalError) -> Lease {
        let pid = getpid()
        guard let boot = bootID(), let space = pidSpace(),
            case .running(let start) = state(of: pid)
        else {
            throw JournalError(
                .io, "This process can't be told from others: /proc can't be read.",
                hint: "Mount /proc ('mount -t proc proc /proc').")
        }
        return Lease(
            pid: pid, processStart: start + "@" + space, bootID: boot, nonce: nonce)
    }

    /// Whether the process of a lease is dead for certain; false when that can't be told.
    package static func isProvedDead(_ lease: Lease) -> Bool {
        guard let boot = bootID() else { return false }
        guard boot == lease.bootID else { return true }
        guard let space = pidSpace(), lease.processStart.hasSuffix("@" + space) else {
            return false
        }
        switch state(of: lease.pid) {
        case .running(let start): return start + "@" + space != lease.processStart
        case .dead: return true
        case .unknown: return false
        }
    }

    /// What /proc tells of a process.
    private enum State {
        case running(start: String)
        case dead
        case unknown
    }

    private static func state(of pid: Int32) -> State {
        guard let text = contents(of: "/proc/\(pid)/stat") else {
            // Without the file: dead when the kernel says so too (hidepid hides the living).
            return kill(pid, 0) != 0 && errno == ESRCH ? .dead : .unknown
        }
        // The name in parentheses may hold anything; the fields after the last one are plain.
        guard let end = text.lastIndex(of: ")") else { return .unknown }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count >= 20 else { return .unknown }
        return ["Z", "X"].contains(fields[0]) ? .dead : .running(start: String(fields[19]))
    }

    private static func bootID() -> String? {
        contents(of: "/proc/sys/kernel/random/boot_id")?
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func pidSpace() -> String? {
        let limit = 64
        var buffer = [CChar](repeating: 0, count: limit)
        let count = readlink("/proc/self/ns/pid", &buffer, limit)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func contents(of path: String) -> String? {
        do {
            let bytes = try FileDescriptor(path, O_RDONLY).read(upTo: 4096)
            return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
        } catch {
            // Every reason has the same meaning here: nothing can be told from this file.
            return nil
        }
    }
}
