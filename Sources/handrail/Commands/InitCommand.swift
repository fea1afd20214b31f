import ArgumentParser
import Foundation
import Runbooks

/// `handrail init`: makes a new library.
struct InitCommand: HandrailCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a new library: a git repository with an inventory and a first runbook.",
        discussion: "Example: handrail init ~/our-runbooks")

    @ArgumentParser.Argument(
        help: ArgumentHelp(
            "An empty folder, or one to make; here without it.", valueName: "folder"),
        completion: .directory)
    var folder: String?

    @OptionGroup(title: "Everywhere") var global: GlobalOptions

    /// Writes the files, commits them, and says how to go on.
    func perform(_ session: Session) async throws -> ExitCode {
        let path = URL(
            fileURLWithPath: folder.map(session.world.path) ?? session.world.workingFolder(),
            isDirectory: true
        ).standardizedFileURL.path
        try Self.requireEmpty(path)
        let files = NewLibrary(name: PathText.name(of: path)).files
        for file in files { try Self.write(file, below: path) }
        let commit = try await NewRepository(folder: path, session: session).commit()
        let console = session.console
        if console.isJSON {
            console.json(
                InitDocument(folder: path, files: files.map(\.path).sorted(), commit: commit))
            return .success
        }
        console.lines(InitView(folder: path, files: files.map(\.path), commit: commit).lines)
        return .success
    }

    private static func requireEmpty(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else {
            throw Failure(
                .invalidInput, code: "init.notAFolder", "\(SafeText.line(path)) is no folder.",
                hint: "name a folder that is empty, or not there yet")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        guard names.isEmpty else {
            throw Failure(
                .invalidInput, code: "init.notEmpty",
                "\(SafeText.line(path)) is not empty: "
                    + "\(CountText.listed(names.map(SafeText.line), limit: 3)). Nothing was written.",
                hint: "name a folder that is empty, or not there yet")
        }
    }

    private static func write(_ file: NewLibrary.File, below root: String) throws {
        let path = root + "/" + file.path
        do {
            try FileManager.default.createDirectory(
                atPath: PathText.folder(of: path),
                withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: URL(fileURLWithPath: path))
            if file.isExecutable {
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: path)
            }
        } catch {
            throw Failure(
                .invalidInput, code: "init.io",
                "\(SafeText.line(path)) can't be written: \(InputFile.reason(error)).",
                hint: "check the folder's owner and the space that is left")
        }
    }
}

/// The first commit of a new library, made by the person's own git.
struct NewRepository: Sendable {
    let folder: String
    let session: Session

    /// Makes the repository and commits all files.
    ///
    /// - Returns: the commit's short id.
    /// - Throws: `Failure` with what git said.
    func commit() async throws -> String {
        try await git(["init", "-q", "-b", "main"])
        try await git(["add", "--all"])
        try await git(
            try await identity() + [
                "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m",
                "Start the library with one runbook",
            ])
        return try await git(["rev-parse", "--short", "HEAD"])
    }

    /// An author for people who never told git their name.
    private func identity() async throws -> [String] {
        let known = await Program(
            name: "git", arguments: ["config", "user.email"], folder: folder
        ).run(session.world)
        guard !known.isSuccess else { return [] }
        let account = session.world.account().name
        session.console.warn(
            "git knows no name of yours: the first commit says \(SafeText.line(account))",
            hint: "git config --global user.name NAME; git config --global user.email ADDRESS")
        return ["-c", "user.name=\(account)", "-c", "user.email=\(account)@localhost"]
    }

    @discardableResult
    private func git(_ arguments: [String]) async throws -> String {
        let ending = await Program(
            name: "git", arguments: arguments, folder: folder, limit: .seconds(60)
        ).run(session.world)
        let reason: String
        switch ending {
        case .exited(0, let output, _): return String(output.prefix { !$0.isNewline })
        case .exited(_, _, let error): reason = String(error.prefix { !$0.isNewline })
        case .notStarted: reason = "git can't be started"
        case .timedOut: reason = "it took longer than a minute"
        }
        throw Failure(
            .internalError, code: "init.git",
            "The files are in \(SafeText.line(folder)), but git failed: \(SafeText.line(reason)).",
            hint: "install git, then: git init, git add --all, git commit")
    }
}
