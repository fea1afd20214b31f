import Audit
import Runbooks
import Runner

/// Keeps what a change is about: its plan, the plan's files, and the forecast.
struct ChangePlanning: Sendable {
    let home: OpenedHome
    let prepared: PreparedPlan
    let shown: PlanSubject
    /// Who wrote the version of the runbook.
    let written: Authorship

    /// What the change has of its plan, once all of it is in the store.
    ///
    /// - Throws: `JournalError`; `Failure` for a secret that nobody could give later.
    func kept() async throws -> ChangePlan {
        try refuseTypedSecrets()
        for file in prepared.plan.runbook.files {
            _ = try await home.store.put(prepared.files[file.sha256] ?? [])
        }
        let digest = try await home.store.put(try CanonicalJSON.bytes(of: prepared.plan))
        guard shown.notProbed == nil else {
            return ChangePlan(prepared.plan, digest: digest, written: written)
        }
        let forecast = try await home.store.put(try CanonicalJSON.bytes(of: shown.forecast))
        let outline = try await home.store.put(
            try CanonicalJSON.bytes(of: shown.forecast.outline))
        return ChangePlan(
            prepared.plan, digest: digest, forecastDigest: forecast, forecastOutline: outline,
            written: written)
    }

    /// What was typed at a prompt can't be typed again by whoever carries it out.
    private func refuseTypedSecrets() throws {
        let typed = prepared.plan.parameters.filter { parameter in
            parameter.secret.map { $0.source == "prompt" || $0.source == "stdin" } ?? false
        }
        guard let first = typed.first else { return }
        throw Failure(
            .invalidInput, code: "change.secret",
            "The secret \(first.name) was typed: a plan that is approved ahead can't have it.",
            hint: "give it with --set \(first.name)=@FILE, which is read again at the run")
    }
}

extension Preparation {
    /// The plan of a change, made again from library, inventory and configuration.
    ///
    /// - Throws: as `prepare`; `Failure` (plan.drift) with what differs.
    func prepare(_ change: Change, in home: OpenedHome) async throws -> PreparedPlan {
        let file = try PlanFile(reading: try await document(of: change, in: home))
        do throws(PlanError) {
            try file.requireUnexpired(at: session.world.now())
        } catch {
            throw Failure(
                .invalidInput, code: "plan.\(error.code)",
                "The plan of \(change.id) has expired: nothing of it can start any more.",
                hint: "cancel it, and open another one")
        }
        let opened = try await session.openLibrary()
        let runbook = try opened.runbook(file.request.runbook.rawValue)
        var prepared = try await prepare(runbook, opened, from: file, for: change.id)
        let lines = file.differences(from: prepared.plan)
        guard lines.isEmpty else {
            throw Failure(
                .refused, code: "plan.drift",
                "The plan of \(change.id) is not what the library gives now:\n  "
                    + lines.joined(separator: "\n  "),
                hint: "what is approved is the plan as it was: cancel the change and open "
                    + "another one, or put back what was altered")
        }
        prepared.earlier = try file.forecast(of: prepared.plan)
        return prepared
    }

    /// The plan as a plan file has it, with the forecast that was made with it.
    private func document(of change: Change, in home: OpenedHome) async throws -> [UInt8] {
        var bytes = Array("{\"plan\":".utf8)
        bytes += try await home.planBytes(of: change)
        if let digest = change.request.plan?.forecastDigest {
            bytes += Array(",\"forecast\":".utf8) + (try await home.store.get(digest))
        }
        return bytes + Array("}".utf8)
    }
}
