import Audit
import Runbooks
import Runner

/// Hands something over: gathers the pack, records it in journal and trail, and says where it is.
struct Handing: Sendable {
    let session: Session
    let command: EscalateCommand
    let note: String

    /// Hands a run over, whatever its state.
    ///
    /// - Throws: `Failure`, `JournalError`.
    func hand(over text: String) async throws -> EscalationReport {
        let (home, folded) = try await session.openRun(text, toWrite: true)
        try await home.refuseWhenTrailDiffers()
        let secrets = try await SpokenSecrets(
            of: folded.machine.plan, session, command.parameters)
        let order = try await self.order(
            to: try recipient(of: folded.machine), ticket: command.ticket ?? folded.summary.ticket,
            secrets.redactor, home, about: ActAbout(folded.machine.plan), run: folded.summary.id)
        let folder = try PackFolder(at: path(order.id, home), session.world)
        do {
            var gathering = PackGathering(order, home, into: folder)
            let pack = try await gathering.pack(of: folded)
            return try await record(pack, folded.machine, home, folder)
        } catch {
            folder.discard()
            throw error
        }
    }

    /// Hands an alert over that no run answered.
    ///
    /// - Throws: `Failure`, `JournalError`.
    func handAlert(_ text: String) async throws -> EscalationReport {
        let given = try await GivenAlert.read(text, session.world)
        guard let to = command.to else { throw nobody }
        let found = try await look(at: given)
        let home = try await session.homeToRecord()
        let order = try await self.order(
            to: to, ticket: command.ticket, Redactor(secrets: []), home, about: ActAbout())
        let folder = try PackFolder(at: path(order.id, home), session.world)
        do {
            var gathering = PackGathering(order, home, into: folder)
            let pack = try await gathering.pack(
                of: found.alerts, name: found.name, on: found.targets)
            return try await record(pack, nil, home, folder)
        } catch {
            folder.discard()
            throw error
        }
    }

    /// What is handed over to whom, signed where acts are.
    private func order(
        to: String, ticket: String?, _ redactor: Redactor, _ home: OpenedHome, about: ActAbout,
        run: RunID? = nil
    ) async throws -> PackGathering.Order {
        let id = session.newEscalationID()
        let (to, note) = (redactor.scrub(to), redactor.scrub(note))
        try await session.noteTrust(in: home)
        let signer = try await ActSigning(session: session, home: home).sign(
            .escalate, arguments: ["escalation": id.rawValue, "to": to, "note": note],
            about: about, run: run)
        return PackGathering.Order(
            id: id, at: session.world.now(), actor: signer?.rawValue ?? session.actor, to: to,
            note: note, ticket: ticket.map { redactor.scrub($0) })
    }

    private func path(_ id: EscalationID, _ home: OpenedHome) -> String {
        command.out ?? home.home.escalationsPath + "/" + id.rawValue
    }

    private func recipient(of run: RunMachine) throws -> String {
        let stop = RunReport(run: run).stops.compactMap(\.stop.escalate).first
        guard let to = command.to ?? stop ?? run.plan.onFailure?.escalate else { throw nobody }
        return to
    }

    private var nobody: Failure {
        Failure(
            .usage, code: "usage", "No runbook says whom this is handed to.",
            hint: "say it with --to, such as --to tier-3")
    }

    /// Files the pack, records it, and seals what was recorded.
    private func record(
        _ pack: PackDocument, _ machine: RunMachine?, _ home: OpenedHome, _ folder: PackFolder
    ) async throws -> EscalationReport {
        let bytes = try CanonicalJSON.bytes(of: pack)
        let text = PackText(pack: pack, machine: machine, time: ShownTime(session.world)).text
        _ = try folder.add(bytes, as: "pack.json", what: "the pack")
        _ = try folder.add(Array(text.utf8), as: "pack.md", what: "the pack, to be read")
        let content = try await home.store.put(bytes)
        let evidence = try await home.store.put(try PackOutline.bytes(of: bytes))
        let escalation = Escalation(
            id: pack.escalation, run: pack.run?.run, at: pack.at, actor: pack.actor, to: pack.to,
            note: pack.note, ticket: pack.ticket, alert: pack.alert, evidence: evidence,
            pack: content)
        // First its place, then the record: what is recorded names a pack that is there.
        try folder.finish()
        do {
            try await home.journal.record(escalation)
        } catch {
            // After any other error it may be recorded: then its pack must stay.
            if error.code == .full || error.code == .locked { folder.takeBack() }
            throw error
        }
        try await home.sealRecorded("The escalation \(escalation.id), its pack in \(folder.path),")
        return EscalationReport(
            escalation: escalation, folder: folder.path, files: pack.files.count + 2,
            trail: await home.anchor(telling: session.console))
    }

    /// What alerts are to the library, when it can be read.
    private func look(
        at given: GivenAlert
    ) async throws -> (name: String, alerts: [AlertDocument.OfAlert], targets: [TargetName]) {
        guard let alerts = given.alerts, let first = alerts.first else {
            return (try SpokenText.name(given.text, "The alert", such: "DiskFull"), [], [])
        }
        let opened: OpenedLibrary
        do {
            opened = try await session.openLibrary()
        } catch {
            let why = "The library could not be read: \(Failure(error).message)"
            return (
                first.name, alerts.map { AlertDocument.OfAlert(alert: $0, problems: [why]) }, []
            )
        }
        let report = AlertReport(
            alerts: alerts, opened: opened, memory: .empty, file: nil, ticket: nil)
        let known = AlertTargets(opened.library.inventory)
        let found = alerts.enumerated().map { index, alert in
            AlertDocument.OfAlert(
                alert: alert,
                problems: report.misses.filter { $0.alert == index }.map(\.reason)
                    + report.fits.filter { $0.alert == alert.name }.map {
                        "\($0.runbook) fits it, and was not run for it."
                    })
        }
        let targets = alerts.compactMap { $0.labels["instance"].flatMap(known.target)?.name }
        return (first.name, found, Set(targets + report.fits.flatMap(\.targets)).sorted())
    }
}

/// Says that what was handed over has come to its end.
struct EscalationEnding: Sendable {
    /// How many escalations are looked through.
    private static let looked = 5000

    let session: Session

    /// Ends the escalation of this id, or the one of this run.
    ///
    /// - Throws: `Failure` (invalidInput) when none or several are meant, `JournalError`.
    func end(_ text: String, note: String) async throws -> ExitCode {
        guard let home = try await session.existingHome() else {
            throw none(text)
        }
        try await home.refuseWhenTrailDiffers()
        let all = try await home.journal.escalations(limit: Self.looked)
        var meant = all.filter {
            $0.id.rawValue == text || (text.count > 3 && $0.id.rawValue.hasSuffix(text))
        }
        if meant.isEmpty {
            guard !text.hasPrefix("e-") else { throw none(text, among: all) }
            let run = try await RunReference(text).resolve(in: home.journal).id
            meant = try await home.journal.escalations(of: run)
        }
        let earlier = meant.first { $0.end != nil }
        meant.removeAll { $0.end != nil }
        guard let first = meant.first else { throw earlier.map(again) ?? none(text, among: all) }
        guard meant.count == 1 else {
            let names = CountText.listed(meant.map(\.id.rawValue), limit: 5)
            throw Failure(
                .invalidInput, code: "escalation.ambiguous",
                "\(printableExcerpt(text)) has \(meant.count) escalations that haven't ended: "
                    + "\(names).", hint: "name one of them")
        }
        let about: ActAbout =
            if let run = first.run {
                ActAbout(try await home.journal.record(of: run).plan)
            } else {
                ActAbout()
            }
        try await session.noteTrust(in: home)
        let signer = try await ActSigning(session: session, home: home).sign(
            .escalate, arguments: ["escalation": first.id.rawValue, "as": "ended", "note": note],
            about: about, run: first.run)
        let end = Escalation.End(
            at: session.world.now(), actor: signer?.rawValue ?? session.actor, note: note)
        try await home.journal.end(first.id, end)
        try await home.sealRecorded("The end of \(first.id)")
        var ended = first
        ended.end = end
        EscalationReport(
            escalation: ended, folder: nil, files: nil,
            trail: await home.anchor(telling: session.console)
        ).show(on: session.console)
        return .success
    }

    private func none(_ text: String, among all: [Escalation] = []) -> Failure {
        let open = all.filter { $0.end == nil }.map(\.id.rawValue)
        return Failure(
            .invalidInput, code: "escalation.none",
            "Nothing that \(printableExcerpt(text)) names is escalated and has not ended.",
            hint: nearestName(to: text, among: open).map { "did you mean \($0)?" }
                ?? "'handrail' alone shows what is")
    }

    private func again(_ escalation: Escalation) -> Failure {
        let end = escalation.end.map {
            ", \(ShownTime(session.world).ago($0.at)) by \(SafeText.line($0.actor)): "
                + ShortText.of($0.note)
        }
        return Failure(
            .invalidInput, code: "escalation.ended",
            "The escalation \(escalation.id) has ended already\(end ?? "").",
            hint: escalation.run.map { "'handrail escalate \($0) --note …' hands it over again" }
                ?? "'handrail escalate --alert …' hands it over again")
    }
}

/// What was handed over, as the command says it.
struct EscalationReport: Sendable {
    let escalation: Escalation
    /// Where the pack is; nil when an end was recorded.
    let folder: String?
    let files: Int?
    let trail: String?

    /// Writes it.
    func show(on console: Console) {
        if console.isJSON {
            console.json(document)
        } else {
            console.lines(lines(console.style))
        }
    }

    private func lines(_ style: Style) -> [String] {
        let name = style.paint(escalation.id.rawValue, .strong)
        let anchor = trail.map { ["  trail  " + style.paint($0, .faint)] } ?? []
        guard let folder else {
            return ["Escalation \(name) to \(SafeText.line(escalation.to)) has ended."] + anchor
        }
        let place = SafeText.line(folder)
        return [
            "Escalated to \(style.paint(SafeText.line(escalation.to), .strong)): \(name)",
            "  pack   " + style.paint(place, .strong) + "  "
                + style.paint(CountText.of(files ?? 0, "file"), .faint),
            "  read   less \(CommandText.quoted(folder + "/pack.md"))",
        ] + anchor + [
            "  end    "
                + style.paint("handrail escalate \(escalation.id) --done --note '…'", .faint)
        ]
    }

    /// The JSON form.
    var document: EscalationDocument {
        EscalationDocument(
            escalation: escalation.id, run: escalation.run, alert: escalation.alert,
            to: escalation.to, folder: folder, files: files, contentDigest: escalation.pack,
            packDigest: escalation.evidence, ended: escalation.end?.at, trail: trail)
    }
}

/// The JSON form of what was handed over, or ended.
struct EscalationDocument: Encodable, Sendable {
    var format = 1
    let escalation: EscalationID
    let run: RunID?
    let alert: String?
    let to: String
    let folder: String?
    let files: Int?
    let contentDigest: Digest
    let packDigest: Digest
    let ended: Timestamp?
    let trail: String?

    private enum CodingKeys: String, CodingKey {
        case format, escalation, run, alert, to, folder, files, ended, trail
        case contentDigest = "content_digest"
        case packDigest = "pack_digest"
    }
}
