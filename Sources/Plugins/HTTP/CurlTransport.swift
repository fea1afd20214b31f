import CCurl
import Foundation
import Glibc
import Runner

/// Sends requests by libcurl, each on a thread of its own.
struct CurlTransport: HTTPTransport {
    /// How answers are kept.
    let keeping: OutputKeeping
    /// How many requests are under way at once; the others wait for their turn.
    private let limiter = ConnectionLimiter(from: 32, to: 32)

    func send(_ request: HTTPRequest, until stopper: Stopper) async -> HTTPResult {
        let curl: CurlLibrary
        switch CurlLibrary.shared {
        case .success(let library): curl = library
        case .failure(let error):
            return .notSent((error as? CurlLibrary.Missing)?.reason ?? "\(error)")
        }
        guard await begin(unless: stopper) else { return .stopped(wasSent: false) }
        defer { limiter.end(wentWell: true) }
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: CurlTransfer(request, stopper, curl, keeping).run())
            }
        }
    }

    /// Waits for a turn; false when the request was stopped meanwhile, and no turn is taken.
    private func begin(unless stopper: Stopper) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await limiter.begin() }
            group.addTask {
                _ = await stopper.wait()
                return false
            }
            let hasTurn = await group.next() ?? false
            group.cancelAll()
            // A turn that came at the same moment is given back.
            if await group.next() == true, !hasTurn { limiter.end(wentWell: true) }
            return hasTurn
        }
    }
}

/// One request under way, on one thread.
///
/// A class, because libcurl's callbacks are given its address.
private final class CurlTransfer {
    /// How long finding and reaching the server may take.
    private static let connectLimit = Duration.seconds(10)

    private let request: HTTPRequest
    private let stopper: Stopper
    private let curl: CurlLibrary
    private var body: OutputBuffer
    /// What is looked at, as it came; nothing when nobody looks.
    private var text: HeadBuffer
    private var location: String?
    /// Whether a connection was made and the request begins to go out.
    private var isSent = false
    private var sawLinkLocal = false

    init(
        _ request: HTTPRequest, _ stopper: Stopper, _ curl: CurlLibrary, _ keeping: OutputKeeping
    ) {
        body = OutputBuffer(.stream, keeping)
        text = HeadBuffer(limit: request.isAnswerRead ? HTTPAnswer.longestText : 0)
        self.request = request
        self.stopper = stopper
        self.curl = curl
    }

    func run() -> HTTPResult {
        guard stopper.reason == nil else { return .stopped(wasSent: false) }
        guard let handle = curl.start() else { return .notSent("libcurl has no memory left") }
        defer { curl.cleanUp(handle) }
        var lines: UnsafeMutablePointer<curl_slist>?
        for line in request.headers + ["Expect:"] { lines = curl.append(lines, line) }
        defer { curl.free(lines) }
        guard setUp(handle, lines) else {
            return .notSent("libcurl refuses what it is told of the request")
        }
        let start = ContinuousClock.now
        let code = curl.perform(handle)
        let time = (ContinuousClock.now - start).inMilliseconds
        return result(code, handle, time)
    }

    private func setUp(
        _ handle: UnsafeMutableRawPointer, _ lines: UnsafeMutablePointer<curl_slist>?
    ) -> Bool {
        let set = curl.setOption
        let context = Unmanaged.passUnretained(self).toOpaque()
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_MAXREDIRS, 0),
            (CURLOPT_NETRC, 0), (CURLOPT_PATH_AS_IS, 1), (CURLOPT_FRESH_CONNECT, 1),
            (CURLOPT_FORBID_REUSE, 1), (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            (CURLOPT_HTTP09_ALLOWED, 0), (CURLOPT_SSL_VERIFYPEER, 1), (CURLOPT_SSL_VERIFYHOST, 2),
            (CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)), (CURLOPT_NOPROGRESS, 0),
            (CURLOPT_TIMEOUT_MS, Int(request.timeout.inMilliseconds)),
            (
                CURLOPT_CONNECTTIMEOUT_MS,
                Int(min(request.timeout, Self.connectLimit).inMilliseconds)
            ),
        ]
        let texts: [(CURLoption, String)] = [
            (CURLOPT_URL, request.url), (CURLOPT_PROTOCOLS_STR, "http,https"),
            (CURLOPT_PROXY, ""), (CURLOPT_NOPROXY, "*"),
            (CURLOPT_USERAGENT, "handrail"),
        ]
        var codes = numbers.map { hr_set_number(set, handle, $0.0, $0.1) }
        codes += texts.map { hr_set_text(set, handle, $0.0, $0.1) }
        if let lines {
            codes.append(hr_set_pointer(set, handle, CURLOPT_HTTPHEADER, lines))
        }
        for option in [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA, CURLOPT_OPENSOCKETDATA,
            CURLOPT_PREREQDATA,
        ] {
            codes.append(hr_set_pointer(set, handle, option, context))
        }
        codes.append(
            hr_set_write(set, handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                CurlTransfer.at(context).take(bytes, size * count)
            })
        codes.append(
            hr_set_write(set, handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                CurlTransfer.at(context).takeHeader(bytes, size * count)
            })
        codes.append(
            hr_set_progress(set, handle) { context, _, _, _, _ in
                CurlTransfer.at(context).stopper.reason == nil ? 0 : 1
            })
        codes.append(
            hr_set_open(set, handle) { context, _, address in
                CurlTransfer.at(context).open(address)
            })
        codes.append(
            hr_set_prereq(set, handle) { context, _, _, _, _ in
                let transfer = CurlTransfer.at(context)
                guard transfer.stopper.reason == nil else { return CURL_PREREQFUNC_ABORT }
                transfer.isSent = true
                return CURL_PREREQFUNC_OK
            })
        return (codes + setMethod(handle)).allSatisfy { $0 == CURLE_OK }
    }

    private func setMethod(_ handle: UnsafeMutableRawPointer) -> [CURLcode] {
        let set = curl.setOption
        var codes: [CURLcode] = []
        if request.method == "HEAD" { codes.append(hr_set_number(set, handle, CURLOPT_NOBODY, 1)) }
        if let body = request.body {
            codes.append(
                hr_set_size(set, handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
            codes.append(
                body.withUnsafeBytes { bytes in
                    // libcurl copies what it is given here.
                    hr_set_pointer(
                        set, handle, CURLOPT_COPYPOSTFIELDS,
                        UnsafeMutableRawPointer(mutating: bytes.baseAddress))
                })
        }
        if request.method != "HEAD" {
            codes.append(hr_set_text(set, handle, CURLOPT_CUSTOMREQUEST, request.method))
        }
        if var authorities = request.authorities {
            codes.append(
                authorities.withUnsafeMutableBytes {
                    hr_set_authorities(set, handle, $0.baseAddress, $0.count)
                })
        }
        return codes
    }

    private static func at(_ context: UnsafeMutableRawPointer?) -> CurlTransfer {
        guard let context else { preconditionFailure("libcurl forgot what it was given") }
        return Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func take(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let bytes = UnsafeRawBufferPointer(start: bytes, count: count)
        body.append(bytes)
        text.append(bytes)
        return count
    }

    private func takeHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let line = String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: min(count, 2048)), as: UTF8.self)
        if line.lowercased().hasPrefix("location:") {
            location = line.dropFirst(9).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return count
    }

    /// A socket for an address, or none: every address is looked at here, however its name was
    /// resolved.
    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        guard let address else { return CURL_SOCKET_BAD }
        let isRefused = withUnsafePointer(to: &address.pointee.addr) {
            LinkLocal.holds($0, family: address.pointee.family)
        }
        guard !isRefused else {
            sawLinkLocal = true
            return CURL_SOCKET_BAD
        }
        return socket(
            address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
            address.pointee.protocol)
    }

    private func result(
        _ code: CURLcode, _ handle: UnsafeMutableRawPointer, _ milliseconds: Int64
    ) -> HTTPResult {
        if code == CURLE_OK {
            var status = 0
            var address: UnsafeMutablePointer<CChar>?
            _ = hr_get_number(curl.getInformation, handle, CURLINFO_RESPONSE_CODE, &status)
            _ = hr_get_text(curl.getInformation, handle, CURLINFO_PRIMARY_IP, &address)
            return .answered(
                HTTPAnswer(
                    status: status, address: address.map { String(cString: $0) } ?? "",
                    location: location, body: body.finish(), text: text.bytes,
                    milliseconds: milliseconds))
        }
        if stopper.reason != nil { return .stopped(wasSent: isSent) }
        // What was answered so far is no answer: half of it may be missing.
        let said = curl.errorText(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
        if code == CURLE_OPERATION_TIMEDOUT, isSent || request.timeout <= Self.connectLimit {
            return .timedOut(wasSent: isSent)
        }
        return isSent ? .lost(said) : .notSent(CurlProblem.words(code, said, sawLinkLocal))
    }
}

/// Why no request could be sent, in words that help.
private enum CurlProblem {
    static func words(_ code: CURLcode, _ said: String, _ sawLinkLocal: Bool) -> String {
        if sawLinkLocal {
            return "its address is link-local, which steps may not ask (metadata services are "
                + "there)"
        }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            return "its name is not known here; look at it, and at the name servers"
        case CURLE_COULDNT_CONNECT:
            return "nothing answers there; look whether it runs, and what is between"
        case CURLE_OPERATION_TIMEDOUT:
            return "no connection within 10 s; look whether it runs, and what is between"
        case CURLE_PEER_FAILED_VERIFICATION:
            return "its certificate is not one to be trusted for that name; look at it, or name "
                + "who signed it in 'ca_file'"
        case CURLE_SSL_CONNECT_ERROR:
            return "no TLS 1.2 or later could be agreed on with it; does it speak TLS there?"
        case CURLE_SSL_CACERT_BADFILE:
            return "the certificates of 'ca_file' can't be read; it has to be PEM"
        case CURLE_URL_MALFORMAT: return "the URL can't be read"
        default: return said
        }
    }
}
