import Runbooks

/// A plan file (`plan.json`), of which nothing is executed.
///
/// It names a plan: from its id and its times the plan is made again, out of the library, and
/// must come out equal. The rest of the file serves to say what differs.
package struct PlanFile: Sendable {
    /// The greatest size of a file that is read.
    package static let largest = 8 * 1024 * 1024
    /// The most differences that are listed.
    package static let mostDifferences = 20

    /// The id that the plan made again gets.
    package let planID: PlanID
    /// When the plan was made, as the file says it.
    package let created: Timestamp
    /// When it expires, as the file says it; refused beyond 35 days after `created`.
    package let expires: Timestamp
    /// What the file says the operator asked for, to make the plan again.
    package let request: Request
    /// SHA-256 over the canonical form of the plan in the file.
    package let digest: Digest
    /// The digest that the file claims; nil when it is a bare plan.
    package let claimed: Digest?
    /// The forecast beside the plan as it stands in the file; nil when nobody had looked.
    let forecastValue: JSONValue?
    private let value: JSONValue

    /// What was asked for; checked again by whoever makes the plan.
    package struct Request: Sendable, Hashable {
        /// The runbook that was planned.
        package let runbook: RunbookID
        /// The targets that were selected, in the plan's order.
        package let targets: [TargetName]
        /// The alert that the run is an answer to; nil without one.
        package let alert: String?
        /// Parameter texts as they stand in the plan; secrets and absent ones are left out.
        package let texts: [String: String]
        /// Where the secrets come from; their values are asked for again.
        package let secrets: [String: SecretReference]

        /// The values to be checked anew, as a person would give them; defaults are left out.
        package func parameters(for declared: [Parameter]) -> [String: GivenValue] {
            var given = texts.mapValues(GivenValue.text)
            for parameter in declared {
                let name = parameter.name.rawValue
                guard let text = texts[name] else { continue }
                given[name] =
                    text == parameter.defaultValue?.text
                    ? nil : PlanFile.given(text, as: parameter.kind)
            }
            return given
        }
    }

    /// Reads a plan file: a plan, or an object with the plan under `plan` and perhaps its `digest`.
    ///
    /// - Throws: `badFile`.
    package init(reading bytes: [UInt8]) throws(PlanError) {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONReader.read(bytes, largest: Self.largest)
        } catch {
            throw Self.bad("byte \(error.offset): \(error.message)")
        }
        guard case .object(let outer) = document else { throw Self.bad("it is no JSON object") }
        let plan = outer["plan"] ?? document
        guard case .object(let members) = plan else { throw Self.bad("'plan' is no object") }
        guard members["format"] == .integer(1) else {
            throw Self.bad("its 'format' is not 1")
        }
        planID = try Self.name("plan_id", in: members)
        created = try Self.time("created", in: members)
        expires = try Self.time("expires", in: members)
        guard created < expires, expires <= created.adding(PlanBuilder.lifetime) else {
            throw Self.bad("its times don't fit: a plan lives at most 35 days")
        }
        claimed =
            outer["plan"] == nil || outer["digest"] == nil
            ? nil : try Self.name("digest", in: outer)
        request = try Self.request(members)
        value = plan
        digest = .sha256(of: CanonicalJSON.bytes(of: plan))
        if let claimed, claimed != digest {
            throw Self.bad("its plan was altered: it doesn't have the digest that stands beside it")
        }
        guard outer["plan"] != nil, let forecast = outer["forecast"], outer["not_probed"] == nil
        else {
            forecastValue = nil
            return
        }
        forecastValue = forecast
        guard outer["forecast_digest"] != nil else { return }
        let claimed: Digest = try Self.name("forecast_digest", in: outer)
        if claimed != .sha256(of: CanonicalJSON.bytes(of: forecast)) {
            throw Self.bad(
                "its forecast was altered: it doesn't have the digest that stands beside it")
        }
    }

    /// Refuses a plan whose time is over.
    ///
    /// - Throws: `expired`.
    package func requireUnexpired(at now: Timestamp) throws(PlanError) {
        guard now < expires else {
            throw PlanError(
                .expired, "the plan \(planID) has expired",
                hint: "make a new one with 'handrail plan \(request.runbook)'")
        }
    }

    /// Requires that the plan made again is the one in the file.
    ///
    /// - Throws: `drift`, with the differences, 20 lines at most.
    package func requireEqual(to rebuilt: Plan) throws(PlanError) {
        let lines = differences(from: rebuilt)
        guard !lines.isEmpty else { return }
        throw PlanError(
            .drift,
            "the plan in the file is not what the library gives now:\n  "
                + lines.joined(separator: "\n  "),
            hint: "make a new plan, and have a look at it")
    }

    /// What differs, as `path: file → now`; empty exactly when the digests are equal.
    package func differences(from rebuilt: Plan) -> [String] {
        let now: JSONValue
        do {
            now = try CanonicalJSON.value(of: rebuilt)
        } catch {
            return ["the plan can't be written as JSON: \(error)"]
        }
        if Digest.sha256(of: CanonicalJSON.bytes(of: now)) == digest { return [] }
        return JSONDifference.lines(from: value, to: now, limit: Self.mostDifferences)
    }

    /// A text from a plan, where lengths of time are seconds and sizes bytes, as people write it.
    private static func given(_ text: String, as kind: Parameter.Kind) -> GivenValue {
        switch kind {
        case .list:
            return .list(text.isEmpty ? [] : PlannedParameter.elements(text))
        case .duration:
            guard let seconds = Double(text), (0...864_000_000).contains(seconds) else {
                return .text(text)
            }
            return .text(formatDuration(.milliseconds(Int64((seconds * 1000).rounded()))))
        case .size: return .text(text + "B")
        default: return .text(text)
        }
    }

    static func bad(_ message: String) -> PlanError {
        PlanError(
            .badFile, "the plan file can't be used: \(message)",
            hint: "make it again with 'handrail plan … -o FILE'")
    }

    private static func name<Name: CheckedName>(
        _ key: String, in members: [String: JSONValue]
    ) throws(PlanError) -> Name {
        guard case .string(let text) = members[key], let name = Name(rawValue: text) else {
            throw bad("its '\(key)' is missing or malformed: \(Name.grammar)")
        }
        return name
    }

    private static func time(
        _ key: String, in members: [String: JSONValue]
    ) throws(PlanError) -> Timestamp {
        // The year 9999: far from where adding a plan's lifetime would overflow.
        guard case .integer(let milliseconds) = members[key],
            (0...253_402_300_799_999).contains(milliseconds)
        else { throw bad("its '\(key)' is no number of milliseconds") }
        return Timestamp(milliseconds: milliseconds)
    }

    private static func request(_ members: [String: JSONValue]) throws(PlanError) -> Request {
        guard case .object(let runbook) = members["runbook"],
            case .array(let targets) = members["targets"],
            case .array(let parameters) = members["parameters"]
        else { throw bad("it has no runbook, targets or parameters") }
        var names: [TargetName] = []
        for target in targets {
            guard case .object(let target) = target else { throw bad("a target is no object") }
            names.append(try name("name", in: target))
        }
        var texts: [String: String] = [:]
        var secrets: [String: SecretReference] = [:]
        for parameter in parameters {
            guard case .object(let parameter) = parameter else {
                throw bad("a parameter is no object")
            }
            let key: ParameterName = try name("name", in: parameter)
            if case .string(let text) = parameter["text"] { texts[key.rawValue] = text }
            if case .object(let secret) = parameter["secret"],
                case .string(let source) = secret["source"],
                case .string(let origin) = secret["name"]
            {
                secrets[key.rawValue] = SecretReference(source: source, name: origin)
            }
        }
        var alert: String?
        if case .string(let text) = members["alert"] { alert = text }
        return Request(
            runbook: try name("id", in: runbook), targets: names, alert: alert, texts: texts,
            secrets: secrets)
    }
}
