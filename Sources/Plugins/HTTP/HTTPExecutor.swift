import Runbooks
import Runner
import Synchronization

/// Carries out `http` steps: the request goes out from the controller.
///
/// A class, because whoever cancels an attempt shares it with whoever waits for it.
package final class HTTPExecutor: Executor {
    private let transport: any HTTPTransport
    private let files: RunbookFiles
    private let attempts = Mutex<[TargetName: Stopper]>([:])

    /// Makes an executor for one run; libcurl is loaded with the first request.
    ///
    /// - Parameters:
    ///   - files: where `ca_file` is found.
    ///   - keeping: how answers are kept.
    package convenience init(files: RunbookFiles, keeping: OutputKeeping = .inMemory) {
        self.init(files: files, transport: CurlTransport(keeping: keeping))
    }

    init(files: RunbookFiles, transport: any HTTPTransport) {
        self.files = files
        self.transport = transport
    }

    /// Carries out one attempt.
    package func perform(_ request: AttemptRequest) async -> AttemptReport {
        guard case .http(let action) = request.action, request.mode != .probe else {
            return AttemptReport(
                ending: .notStarted(
                    "A '\(request.action.keyword)' step can't be carried out by HTTP."))
        }
        let composed: HTTPRequest
        do {
            composed = try await compose(action, request)
        } catch {
            return AttemptReport(
                ending: .notStarted("The request can't be made: \(error.message)."))
        }
        let stopper = Stopper()
        attempts.withLock { $0[request.target.name] = stopper }
        let result = await withTaskCancellationHandler {
            await transport.send(composed, until: stopper)
        } onCancel: {
            stopper.stop(.cancelled)
        }
        attempts.withLock { attempts in
            if attempts[request.target.name] === stopper { attempts[request.target.name] = nil }
        }
        if Task.isCancelled { return AttemptReport(ending: Performance.abandoned) }
        return HTTPVerdict(
            action: action, effect: request.effect, name: "\(composed.method) \(composed.url)"
        ).report(result)
    }

    private func compose(
        _ action: HTTPAction, _ request: AttemptRequest
    ) async throws(HTTPComposition.Problem) -> HTTPRequest {
        var authorities: [UInt8]?
        if let path = action.authorities {
            guard let file = files.listed.first(where: { $0.path == path }) else {
                throw HTTPComposition.Problem(
                    message: "the file \(path) is not among the runbook's files")
            }
            authorities = await files.bytes(file.sha256)
        }
        return try HTTPComposition(
            action: action, secrets: request.secrets, authorities: authorities,
            timeout: request.timeout
        ).request()
    }

    /// Ends the attempt under way for a target.
    package func cancel(_ target: TargetName) async {
        attempts.withLock { $0[target] }?.stop(.cancelled)
    }

    /// Nothing is kept for a target between two attempts.
    package func close(_ target: TargetName) async {}

    /// Ends what is under way.
    package func shutDown() async {
        for stopper in attempts.withLock({ Array($0.values) }) { stopper.stop(.cancelled) }
    }
}
