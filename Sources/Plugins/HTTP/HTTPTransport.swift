import Runner

/// Sends requests over HTTP, one connection each.
protocol HTTPTransport: Sendable {
    /// Sends a request and waits for its whole answer, within the request's time.
    ///
    /// Never follows a redirection, never asks a link-local address, and never sends a request
    /// twice. The stopper ends it early, within about a second.
    func send(_ request: HTTPRequest, until stopper: Stopper) async -> HTTPResult
}

/// A request, as it goes out.
struct HTTPRequest: Sendable, Hashable {
    /// Such as `GET`.
    var method: String
    /// `http://` or `https://`, percent-encoded.
    var url: String
    /// Lines `Name: value`, without line ends.
    var headers: [String] = []
    /// What follows the headers; nothing when nil.
    var body: [UInt8]?
    /// Certificates in PEM that are trusted instead of the machine's own.
    var authorities: [UInt8]?
    /// Whether the answer's text is looked at.
    var isAnswerRead = false
    /// The longest time from the first look for the server's address to the answer's last byte.
    var timeout: Duration
}

/// What came of a request.
enum HTTPResult: Sendable, Hashable {
    case answered(HTTPAnswer)
    /// It is certain that the server was not asked; why, and what to do.
    case notSent(String)
    /// The server was asked, at least in part, and no whole answer came; why.
    case lost(String)
    case timedOut(wasSent: Bool)
    case stopped(wasSent: Bool)
}

/// A whole answer.
struct HTTPAnswer: Sendable, Hashable {
    var status: Int
    /// The address that answered.
    var address: String
    /// Where a redirection leads, as the server wrote it.
    var location: String?
    /// The most of an answer that is looked at: as much as is kept of a step's output.
    static let longestText = 1 << 20

    /// The body, bounded like a step's output, and redacted like one.
    var body: CapturedOutput
    /// The body's first bytes as they came, when the request says that they are looked at.
    var text: [UInt8]
    /// Milliseconds from start to end.
    var milliseconds: Int64
}
