import Audit
import Foundation
import Runbooks
import Runner

/// What an act is about, as its signature and its signer's roles are asked.
struct ActAbout: Sendable {
    let subject: ActSubject
    /// The plan that is named in what is signed.
    let plan: PlanID?

    /// About a plan.
    init(_ plan: Plan) { (subject, self.plan) = (ActSubject(plan), plan.planID) }

    /// About no plan, and so no environment: what any environment demands holds.
    init(_ subject: ActSubject = .anything) { (self.subject, plan) = (subject, nil) }

    /// Whether trust demands a signature there.
    func needsSignature(by book: TrustBook) -> Bool {
        guard let environment = subject.environment else {
            return (book.floors ?? []).contains(where: \.needsSignedActs)
        }
        return book.floor(of: environment)?.needsSignedActs == true
    }
}

/// Has a person sign what they do, where trust asks for it, and remembers the signature.
struct ActSigning: Sendable {
    let session: Session
    let home: OpenedHome
    /// The file of a private key that was named for this act alone.
    var keyFile: String?

    /// Signs an act where it must be.
    ///
    /// - Returns: whose signature it is; nil where none is needed.
    /// - Throws: `Failure` (refused) without a key that counts; `TrustError`; `JournalError`
    ///   (repeated).
    func sign(
        _ verb: Verb, arguments: [String: String] = [:], about plan: Plan, run: RunID? = nil
    ) async throws -> PersonID? {
        try await sign(verb, arguments: arguments, about: ActAbout(plan), run: run)
    }

    /// Signs an act where it must be, also one that is about no plan.
    ///
    /// - Returns: whose signature it is; nil where none is needed.
    /// - Throws: as for a plan.
    func sign(
        _ verb: Verb, arguments: [String: String] = [:], about: ActAbout, run: RunID? = nil
    ) async throws -> PersonID? {
        guard case .known(let book, let account, let instant) = session.trustState() else {
            return nil
        }
        let people: [Person]
        switch book.actor(forAccount: account, at: instant) {
        case .nobody: return nil
        case .person(let person): people = [person]
        case .several(let several): people = several
        }
        guard about.needsSignature(by: book) || people.count > 1 else { return nil }
        let signed = try await signed(
            verb, arguments: arguments, about: about, run: run, by: people, at: instant)
        return try await record(signed, about: about, by: book).signer
    }

    /// A statement that one of some people signs: with the key that was named, or that their agent
    /// holds.
    ///
    /// - Throws: as `sign`.
    func signed(
        _ verb: Verb, arguments: [String: String], about: ActAbout, run: RunID?,
        by people: [Person], at instant: Timestamp
    ) async throws -> SignedStatement {
        let key = try await key(of: people, at: instant)
        let statement = ActStatement(
            verb, arguments: arguments, plan: about.plan, run: run, time: session.world.now(),
            nonce: try nonce())
        let text = try SignedStatement.text(of: statement)
        session.console.note("Signing \"\(verb.phrase)\" with \(key.fingerprint) …")
        let signature = try await signatures.sign(
            Array(text.utf8), namespace: .act, with: key)
        return SignedStatement(statement: text, signature: signature)
    }

    /// Who signed a statement, when they may do what it says.
    ///
    /// - Throws: `Failure` (refused), `TrustError`.
    func check(
        _ signed: SignedStatement, about: ActAbout, by book: TrustBook
    ) async throws -> (statement: ActStatement, signer: PersonID, key: KeyFingerprint) {
        let statement: ActStatement
        do {
            statement = try JSONDecoder().decode(ActStatement.self, from: Data(signed.bytes))
        } catch {
            throw Failure(
                .refused, code: "act", "What was signed is no act that this Handrail knows.")
        }
        guard try SignedStatement.text(of: statement) == signed.statement else {
            throw Failure(
                .refused, code: "act", "What was signed isn't in the one form that counts.")
        }
        let found = try await signatures.key(
            signing: signed.bytes, signature: signed.signature, namespace: .act)
        switch book.signer(
            found, at: session.world.now(), mayDo: statement.command, on: about.subject)
        {
        case .success(let person): return (statement, person.id, found.fingerprint)
        case .failure(let refusal):
            throw Failure(.refused, code: "role", refusal.reason + ".", hint: refusal.hint)
        }
    }

    /// Records a signed statement; its nonce is used up then.
    ///
    /// - Throws: as `check`; `JournalError` (repeated).
    func record(
        _ signed: SignedStatement, about: ActAbout, by book: TrustBook
    ) async throws -> (signer: PersonID, digest: Digest) {
        let (statement, signer, key) = try await check(signed, about: about, by: book)
        let digest = try await home.store.put(try CanonicalJSON.bytes(of: signed))
        try await home.journal.record(
            SignedAct(
                statement: statement, signer: signer, key: key, digest: digest,
                at: session.world.now()))
        return (signer, digest)
    }

    /// What signs, and says with which key something was signed.
    var signatures: OpenSSHSignatures {
        OpenSSHSignatures(
            agent: agent, keyFiles: keyFiles, place: session.world.environment["TMPDIR"] ?? "/tmp")
    }

    private var agent: SigningAgent {
        SigningAgent(socket: session.world.environment["SSH_AUTH_SOCK"])
    }

    /// The file of a private key that the person named.
    private var keyFiles: [String] {
        let named = keyFile ?? session.world.environment["HANDRAIL_KEY"]
        return named.map { [session.world.path($0)] } ?? []
    }

    private func nonce() throws -> ActNonce {
        guard let nonce = ActNonce(rawValue: Hexadecimal.text(of: session.world.randomBytes(16)))
        else { preconditionFailure("16 bytes are 32 hexadecimal digits") }
        return nonce
    }

    /// The key to sign with: one that counts, and that the agent holds; or the only one there is.
    func key(of people: [Person], at instant: Timestamp) async throws -> PersonKey {
        let keys = people.flatMap { person in
            person.keys.filter { $0.holds(at: instant) }.map { (person: person.id, key: $0) }
        }
        let names = people.map(\.id.rawValue).joined(separator: ", ")
        guard !keys.isEmpty else {
            throw Failure(
                .refused, code: "trust.noKey",
                "This must be signed, and trust has no key of \(names) that counts.",
                hint: "'handrail trust add ID --key ~/.ssh/id_ed25519.pub' gives one")
        }
        let held = Set(try await agent.keys())
        let usable = keys.filter { held.contains($0.key.key) }
        if keyFiles.isEmpty {
            let signers = Set(usable.map(\.person))
            guard signers.count <= 1 else {
                throw Failure(
                    .refused, code: "trust.severalKeys",
                    "The agent holds keys of \(signers.sorted().map(\.rawValue).joined(separator: ", ")): "
                        + "who signs must be said.",
                    hint: "name the private key's file in HANDRAIL_KEY, or use an agent of your own"
                )
            }
        }
        if keyFiles.isEmpty, let first = usable.first { return first.key }
        guard !keyFiles.isEmpty else {
            throw Failure(
                .refused, code: "trust.noKey",
                "This must be signed, and no agent holds a key of \(names) that counts.",
                hint: "'ssh-add' it, or name the private key's file in HANDRAIL_KEY")
        }
        return try await keyOfFile(among: keys.map(\.key))
    }

    /// The key whose public half stands beside the file that was named.
    private func keyOfFile(among keys: [PersonKey]) async throws -> PersonKey {
        let path = keyFiles[0] + ".pub"
        let bytes = try await InputFile(path: path, limit: 16 << 10).bytes(session.world)
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first ?? ""
        let given: SigningKey
        do throws(SigningKey.Problem) {
            given = try SigningKey(line: String(line))
        } catch {
            throw Failure(
                .invalidInput, code: "trust.badKey",
                "The key in \(printableExcerpt(path)) \(error.message).", hint: error.hint)
        }
        guard let key = keys.first(where: { $0.key == given }) else {
            throw Failure(
                .refused, code: "trust.noKey",
                "The key \(given.fingerprint) is none of yours in trust that counts.",
                hint: "'handrail whoami' shows yours")
        }
        return key
    }
}

extension PersonCommand.Verb {
    /// What a person must be allowed to do.
    var permission: Verb {
        switch self {
        case .abort: .abort
        case .pause: .pause
        case .resume: .resume
        case .answer: .answer
        case .confirm: .confirm
        case .note: .note
        case .pay, .paidByHand: .pay
        case .settle: .settle
        case .promote: .promote
        case .handOver: .handOver
        }
    }

    /// Whether it only stops: neither a mistake in trust nor a missing signature holds that up.
    var isStopping: Bool {
        switch self {
        case .abort, .pause: true
        default: false
        }
    }

    /// What belongs to it, as it is signed.
    var arguments: [String: String] {
        switch self {
        case .abort, .pause, .resume, .promote: [:]
        case .answer(let step, let choice, let target):
            Self.named(["step": step.rawValue, "choice": choice], target)
        case .confirm(let step, let note, let target):
            Self.named(["step": step.rawValue, "note": note], target)
        case .note(let text): ["note": text]
        case .pay(let target): ["target": target.rawValue]
        case .paidByHand(let target, let note): ["target": target.rawValue, "note": note]
        case .settle(let target, let step, let isDone, let why):
            [
                "target": target.rawValue, "step": step.rawValue,
                "as": isDone ? "done" : "not-done", "why": why,
            ]
        case .handOver(let run): ["to": run.rawValue]
        }
    }

    private static func named(
        _ arguments: [String: String], _ target: TargetName?
    ) -> [String: String] {
        var arguments = arguments
        arguments["target"] = target?.rawValue
        return arguments
    }
}
