import Runner

/// The JSON form of what waits for a second person.
struct GlassRequestsDocument: Encodable, Sendable {
    /// One request.
    struct Request: Encodable, Sendable {
        let run: RunID
        let first: String
        let reason: String
        let groups: [String]
        let planDigest: String
        let made, expires: Timestamp

        private enum CodingKeys: String, CodingKey {
            case run, first, reason, groups
            case planDigest = "plan_digest"
            case made, expires
        }
    }

    var format = 1
    let requests: [Request]

    init(_ requests: [GlassRequest]) {
        self.requests = requests.map {
            Request(
                run: $0.run, first: $0.first.rawValue, reason: $0.reason, groups: $0.groups,
                planDigest: $0.planDigest.rawValue, made: $0.made, expires: $0.expires)
        }
    }
}
