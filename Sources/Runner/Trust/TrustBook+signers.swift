/// Whose a signed statement is.
extension TrustBook {
    /// The person who signed, when the key counted at that instant and they have the role.
    ///
    /// `key` is what `StatementChecking` answered: the key that truly signed.
    package func signer(
        _ key: SigningKey, at instant: Timestamp, needs role: Role,
        on subject: ActSubject = .anything
    ) -> Result<Person, TrustRefusal> {
        holder(of: key, at: instant).flatMap { person in
            switch has(person, anyOf: [role], on: subject, at: instant) {
            case .allowed: .success(person)
            case .refused(let refusal): .failure(refusal)
            }
        }
    }

    /// The person who signed, when the key counted at that instant and they may do that.
    package func signer(
        _ key: SigningKey, at instant: Timestamp, mayDo verb: Verb,
        on subject: ActSubject = .anything
    ) -> Result<Person, TrustRefusal> {
        holder(of: key, at: instant).flatMap { person in
            switch may(person, verb, on: subject, at: instant) {
            case .allowed: .success(person)
            case .refused(let refusal): .failure(refusal)
            }
        }
    }

    /// The person whose statement this is, with a role; or why it doesn't count.
    ///
    /// `instant` is when it was recorded, not what it says of itself. What it says is for the
    /// caller to compare, field by field.
    ///
    /// - Throws: `TrustError` where nobody could look (`noProgram`, `io`).
    package func check(
        _ signed: SignedStatement, namespace: SignatureNamespace, at instant: Timestamp,
        needs role: Role, on subject: ActSubject = .anything, by checking: some StatementChecking
    ) async throws(TrustError) -> Result<Person, TrustRefusal> {
        let key: SigningKey
        do {
            key = try await checking.key(
                signing: signed.bytes, signature: signed.signature, namespace: namespace)
        } catch {
            switch error.code {
            case .malformed, .wrongNamespace, .wrongSignature:
                return .failure(TrustRefusal(Self.clause(error.message), hint: error.hint))
            case .unusable, .noKey, .noProgram, .declined, .io: throw error
            }
        }
        return signer(key, at: instant, needs: role, on: subject)
    }

    /// A sentence as a part of another one.
    private static func clause(_ sentence: String) -> String {
        let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
