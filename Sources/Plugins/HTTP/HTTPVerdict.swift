import Foundation
import Runbooks
import Runner

/// What an answer means for the step that asked: pure judgement.
struct HTTPVerdict {
    let action: HTTPAction
    let effect: Effect
    /// `GET https://…`, for messages.
    let name: String

    /// The report of what came.
    func report(_ result: HTTPResult) -> AttemptReport {
        switch result {
        case .answered(let answer): return judged(answer)
        case .notSent(let why): return AttemptReport(ending: .notStarted("\(name): \(why)."))
        case .lost(let why):
            return unfinished(
                "\(name): the connection was lost before the answer was whole (\(why)).", .exited(1)
            )
        case .timedOut(let wasSent):
            guard wasSent else {
                return AttemptReport(ending: .notStarted("\(name): no connection in its time."))
            }
            return unfinished("\(name): no whole answer came in its time.", .timedOut)
        case .stopped(let wasSent):
            return wasSent
                ? unfinished("\(name): it was stopped while it waited.", .cancelled)
                : AttemptReport(ending: .cancelled)
        }
    }

    /// The report of a request that the server may have acted upon.
    private func unfinished(_ what: String, _ ending: Ending) -> AttemptReport {
        guard effect != .read else {
            return AttemptReport(ending: ending, stderr: Self.captured(what + "\n"))
        }
        return AttemptReport(
            ending: .unknown(
                "\(what) The request was on its way: whether it was acted upon is not known."))
    }

    private func judged(_ answer: HTTPAnswer) -> AttemptReport {
        var report = AttemptReport(
            ending: .exited(0), stdout: answer.body, durationMilliseconds: answer.milliseconds)
        var lines = [
            "\(name): \(answer.status), \(answer.body.totalBytes) bytes in "
                + "\(answer.milliseconds) ms from \(answer.address)"
        ]
        if let problem = problem(of: answer) {
            report.ending = .exited(1)
            lines.append(problem)
        } else {
            switch outputs(answer) {
            case .success(let bytes): report.outputs = bytes
            case .failure(let problem):
                report.ending = .exited(1)
                lines.append(problem.message)
            }
        }
        report.stderr = Self.captured(lines.joined(separator: "\n") + "\n")
        return report
    }

    /// Why an answer is no success; nil when it is one.
    private func problem(of answer: HTTPAnswer) -> String? {
        guard action.expects(answer.status) else {
            var text = "the answer's status is \(answer.status), expected \(action.expected)"
            if let location = answer.location, (300...399).contains(answer.status) {
                text += "; it points to \(printableExcerpt(location)), and redirections aren't "
                text += "followed: give that as the URL if it is right"
            }
            return text
        }
        guard case .text(let wanted)? = action.contains else { return nil }
        guard answer.isTextWhole else { return Self.tooLong(answer) }
        let isThere =
            wanted.isEmpty || Data(answer.text).range(of: Data(wanted.utf8)) != nil
        return isThere
            ? nil : "the answer doesn't hold \(printableExcerpt(wanted))"
    }

    private static func tooLong(_ answer: HTTPAnswer) -> String {
        "the answer has \(answer.body.totalBytes) bytes; what is looked at has 1 MiB at most"
    }

    private struct OutputsProblem: Error { let message: String }

    /// The step's outputs, as a script would write them.
    private func outputs(_ answer: HTTPAnswer) -> Result<[UInt8], OutputsProblem> {
        guard !action.take.isEmpty else { return .success([]) }
        func failed(_ message: String) -> Result<[UInt8], OutputsProblem> {
            .failure(OutputsProblem(message: message))
        }
        var lines = ""
        var document: JSONValue?
        for (name, source) in action.take.sorted(by: { $0.key < $1.key }) {
            guard case .pointer(let pointer) = source else {
                lines += "\(name)=\(answer.status)\n"
                continue
            }
            if document == nil {
                guard answer.isTextWhole else { return failed(Self.tooLong(answer)) }
                do {
                    document = try JSONReader.read(answer.text, largest: HTTPAnswer.longestText)
                } catch {
                    return failed("the answer can't be read as JSON: \(error)")
                }
            }
            guard let found = document?.found(at: pointer) else {
                return failed("the answer has nothing at \(pointer) for '\(name)'")
            }
            guard let text = found.scalarText, !text.utf8.contains(UInt8(ascii: "\n")) else {
                return failed("what is at \(pointer) for '\(name)' is no text of one line")
            }
            lines += "\(name)=\(text)\n"
        }
        return .success(Array(lines.utf8))
    }

    private static func captured(_ text: String) -> CapturedOutput {
        CapturedOutput(bytes: Array(text.utf8), totalBytes: text.utf8.count)
    }
}

extension HTTPAnswer {
    /// Whether all of the body is there to be looked at.
    fileprivate var isTextWhole: Bool { text.count == body.totalBytes }
}

extension JSONValue {
    /// What a JSON pointer (RFC 6901) leads to; nil when it leads nowhere.
    func found(at pointer: String) -> JSONValue? {
        var value = self
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            switch value {
            case .object(let members):
                guard let next = members[key] else { return nil }
                value = next
            case .array(let elements):
                let isIndex = key == "0" || (key.first != "0" && key.allSatisfy(\.isASCIIDigit))
                guard isIndex, let index = Int(key), index < elements.count else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    /// A string, number or truth value as text; nil for everything else.
    var scalarText: String? {
        switch self {
        case .string(let text): text
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .integer, .number: String(decoding: CanonicalJSON.bytes(of: self), as: UTF8.self)
        case .null, .array, .object: nil
        }
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
