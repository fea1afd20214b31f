import Audit
import Foundation
import Runbooks
import Runner

/// A run's record as a folder for somebody who has git and ssh-keygen, and no Handrail
/// (docs/trail.md, "Export").
struct TrailExport: Sendable {
    let session: Session
    let reader: TrailReader
    let passage: TrailPassage
    let run: String
    /// The trail's last commit.
    let head: TrailReader.Commit?

    /// Writes it beside its place, and renames it.
    ///
    /// - Returns: the names of its files, in order.
    /// - Throws: `Failure` (invalidInput) where the folder is there, or git fails; `JournalError`.
    func write(to folder: String) async throws -> [String] {
        let files = FileManager.default
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        guard !files.fileExists(atPath: folder) else {
            throw Failure(
                .invalidInput, code: "audit.export",
                "\(printableExcerpt(folder)) is there already: nothing was written.",
                hint: "name a folder that isn't there yet")
        }
        // A name that nobody has: what is there is never removed, and two exports don't meet.
        let new = "\(folder).new-\(UUID().uuidString)"
        do {
            try files.createDirectory(
                atPath: new, withIntermediateDirectories: true, attributes: Self.forOwner)
        } catch {
            throw failure(new, InputFile.reason(error))
        }
        do {
            try await bundle(into: new + "/trail.bundle")
            for (name, bytes) in try contents() {
                let path = new + "/" + name
                try files.createDirectory(
                    atPath: PathText.folder(of: path), withIntermediateDirectories: true,
                    attributes: Self.forOwner)
                try Data(bytes).write(to: URL(fileURLWithPath: path))
            }
            for path in try files.subpathsOfDirectory(atPath: new).map({ new + "/" + $0 }) {
                var isFolder: ObjCBool = false
                guard files.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue
                else { continue }
                try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            }
            try files.moveItem(atPath: new, toPath: folder)
        } catch {
            try? files.removeItem(atPath: new)
            if error is Failure || error is JournalError { throw error }
            throw failure(folder, InputFile.reason(error))
        }
        return try files.subpathsOfDirectory(atPath: folder).sorted().filter { $0 != "evidence" }
    }

    /// A record names people and machines: nobody else reads it, as with a pack.
    private static var forOwner: [FileAttributeKey: Any] { [.posixPermissions: 0o700] }

    /// How the run stands, where the trail has no end of it; nil where it has.
    var openState: String? {
        var history = TrailHistory()
        history.take(passage.lines)
        guard let found = history.runs.first, found.closed == nil else { return nil }
        return found.state.map { RunState(rawValue: $0)?.word ?? SafeText.line($0) } ?? "opened"
    }

    private func failure(_ path: String, _ why: String) -> Failure {
        Failure(
            .invalidInput, code: "audit.export",
            "\(printableExcerpt(path)) can't be written: \(why).",
            hint: "look at the folder it is to be in, and at its space (df -h)")
    }

    private func contents() throws -> [(String, [UInt8])] {
        guard let signers = try reader.meta("allowed_signers"), let head else {
            throw Failure(
                .verificationFailed, code: "audit.export", "The trail lists no keys.",
                hint: "run 'handrail audit verify'")
        }
        let time = ShownTime(now: session.world.now(), zoneOffset: { _ in 0 })
        let view = AuditShowView(passage: passage, time: time, style: .plain)
        let lines = passage.lines.map { $0.text + "\n" }.joined()
        let shown = view.lines.map { $0 + "\n" }.joined()
        var contents: [(String, [UInt8])] = [
            ("allowed_signers", Array(signers.utf8)), ("events.ndjson", Array(lines.utf8)),
            ("events.txt", Array(shown.utf8)),
        ]
        var isEvidence = false
        for (_, evidence) in passage.evidence {
            guard let bytes = try reader.evidence(evidence.digest) else { continue }
            contents.append(("evidence/\(evidence.digest)", bytes))
            isEvidence = true
        }
        let guide = VerifyGuide(
            branch: reader.branch, run: run, head: head, signers: signers,
            hasEvidence: isEvidence, exported: time.full(time.now), openState: openState)
        contents.append(("VERIFY.md", Array(guide.text.utf8)))
        return contents
    }

    private func bundle(into file: String) async throws {
        let parent = PathText.folder(of: file)
        let path = URL(fileURLWithPath: file).path
        let ending = try await BorrowedTrail.with(
            reader, tip: reader.tip, at: parent + "/.git", session
        ) { folder in
            await Program(
                name: "git",
                arguments: ["--git-dir", folder, "bundle", "create", "-q", path, reader.branch],
                limit: .seconds(600), environment: BorrowedTrail.environment(session.world)
            ).run(session.world)
        }
        guard ending.isSuccess else {
            var why = "git can't be run"
            if case .exited(_, let output, let error) = ending {
                why = TrailPush.reason(output, error)
            }
            throw failure(file, why)
        }
    }
}
