import Audit
import Foundation
import Runbooks
import Runner

/// Looks at the home: whose it is, who may read it, whether its journal is sound, how much fits.
struct HomeCheck: Sendable {
    /// Below this many bytes of free space there is a warning, and a problem.
    private static let scarce: Int64 = 1 << 30
    private static let full: Int64 = 64 << 20

    let session: Session

    /// The findings; one alone where there is no home yet.
    func findings() async -> [DoctorFinding] {
        let path = session.homePath
        guard FileManager.default.fileExists(atPath: path) else {
            return [
                DoctorFinding(.ok, "home", "\(path): not there yet; the first run makes it"),
                space(at: path),
            ]
        }
        return [permissions(path), await journal(), await trail()]
            + (await key()) + (await remote())
            + [space(at: path)]
    }

    private func permissions(_ path: String) -> DoctorFinding {
        do {
            let home = try Home.open(at: path)
            let mode =
                try FileManager.default.attributesOfItem(atPath: home.path)[.posixPermissions]
                as? NSNumber
            let bits = (mode?.intValue ?? 0) & 0o777
            guard bits & 0o077 == 0 else {
                return DoctorFinding(
                    .warning, "home",
                    "\(home.path): other accounts may read it (mode 0\(String(bits, radix: 8)))",
                    remedy: "chmod 0700 \(home.path)")
            }
            return DoctorFinding(.ok, "home", "\(home.path), yours alone")
        } catch {
            let failure = Failure(error)
            return DoctorFinding(.problem, "home", failure.message, remedy: failure.hint)
        }
    }

    private func journal() async -> DoctorFinding {
        do {
            guard let home = try await session.existingHome() else {
                return DoctorFinding(.ok, "journal", "not there yet; the first run makes it")
            }
            let problems = try await home.journal.integrityProblems()
            guard problems.isEmpty else {
                return DoctorFinding(
                    .problem, "journal", "damaged: \(problems.prefix(2).joined(separator: "; "))",
                    remedy: "stop all runs, keep a copy of the home, and restore the last backup")
            }
            let open = try await home.journal.runs(matching: RunFilter(isOpen: true, limit: 1000))
            let orphans = open.filter { !$0.isLed && $0.state == .running }
            guard orphans.isEmpty else {
                return DoctorFinding(
                    .warning, "journal",
                    "sound; nobody leads \(CountText.of(orphans.count, "open run")): "
                        + CountText.listed(orphans.map(\.id.rawValue), limit: 3),
                    remedy: "handrail resume RUN goes on, handrail abort RUN ends it")
            }
            return DoctorFinding(
                .ok, "journal", "sound, \(CountText.of(open.count, "open run"))")
        } catch {
            let failure = Failure(error)
            return DoctorFinding(.problem, "journal", failure.message, remedy: failure.hint)
        }
    }

    /// Whether the trail can be read and is the journal's, and how much isn't in it yet.
    private func trail() async -> DoctorFinding {
        do {
            guard let home = try await session.existingHome(),
                let (tip, rows) = try await home.trail.look()
            else { return DoctorFinding(.ok, "trail", "not there yet; the first run makes it") }
            let text = CountText.of(tip.sequence, "event")
            guard rows.unsealed == 0 else {
                return DoctorFinding(
                    .warning, "trail",
                    "\(text), and \(CountText.of(rows.unsealed, "more event")) of the journal "
                        + "not sealed yet",
                    remedy: "a run that goes on seals them soon; after a crash the next run does")
            }
            return DoctorFinding(.ok, "trail", "\(text), all of the journal's")
        } catch {
            let failure = Failure(error)
            return DoctorFinding(.problem, "trail", failure.message, remedy: failure.hint)
        }
    }

    /// Whether what is recorded next can be signed; nothing before the first run.
    private func key() async -> [DoctorFinding] {
        do {
            guard let home = try await session.existingHome() else { return [] }
            try await home.trail.confirmKey()
            guard let key = try TrailKeyFile.key(of: home.home) else { return [] }
            return [DoctorFinding(.ok, "key", "signs the trail as \(key.publicKey.fingerprint)")]
        } catch {
            let failure = Failure(error)
            return [DoctorFinding(.problem, "key", failure.message, remedy: failure.hint)]
        }
    }

    /// How far the trail's remote is behind; nothing where none is configured.
    private func remote() async -> [DoctorFinding] {
        do {
            guard let home = try await session.existingHome(),
                let lag = try await TrailGate(session: session, home: home).lag()
            else { return [] }
            let text = lag.sentence(ShownTime(session.world))
            guard lag.state?.foreign == nil else {
                return [
                    DoctorFinding(
                        .problem, "remote", text, remedy: TrailGate.divergedHint(lag.address))
                ]
            }
            guard lag.events == 0 else {
                return [DoctorFinding(.warning, "remote", text, remedy: "handrail audit push")]
            }
            return [DoctorFinding(.ok, "remote", text)]
        } catch {
            let failure = Failure(error)
            return [DoctorFinding(.problem, "remote", failure.message, remedy: failure.hint)]
        }
    }

    private func space(at path: String) -> DoctorFinding {
        var place = path
        while !FileManager.default.fileExists(atPath: place), place.count > 1 {
            place = PathText.folder(of: place)
        }
        do {
            let facts = try FileManager.default.attributesOfFileSystem(forPath: place)
            let free = (facts[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
            let text = "\(free >> 20) MiB free for the home"
            if free >= Self.scarce { return DoctorFinding(.ok, "space", text) }
            return DoctorFinding(
                free < Self.full ? .problem : .warning, "space", text,
                remedy: "free space on its file system: df -h \(place)")
        } catch {
            return DoctorFinding(
                .warning, "space", "can't be told: \(InputFile.reason(error))",
                remedy: "df -h \(place)")
        }
    }
}
