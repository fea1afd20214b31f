import Runbooks

/// A property of a calendar: one line of its file, long ones put together again (RFC 5545, 3.1).
struct ContentLine: Sendable {
    /// In capitals, such as `DTSTART`.
    let name: String
    /// The parameters by name in capitals, each with its values, without quotation marks.
    let parameters: [String: [String]]
    /// The text after the colon, as it stands.
    let value: String
    /// Where it starts.
    let position: SourcePosition
}

/// Reads the lines of a file.
struct ContentLines {
    /// What is wrong with a file as a whole, or with one of its lines.
    struct Problem: Error {
        let code: String
        let message: String
        let line: Int
        let hint: String?
    }

    let file: String

    /// The lines in order, and what is wrong with those that couldn't be read.
    func read(_ bytes: [UInt8]) throws(Problem) -> (lines: [ContentLine], problems: [Problem]) {
        guard bytes.count <= CalendarLimits.fileSize else {
            throw Problem(
                code: "too-large",
                message:
                    "The file has \(bytes.count) bytes, and \(CalendarLimits.fileSize) are the "
                    + "most.", line: 1,
                hint: "Take past events out, or split it into two calendars.")
        }
        var lines: [ContentLine] = []
        var problems: [Problem] = []
        for (text, number) in try unfolded(bytes) {
            do {
                lines.append(try line(text, number))
            } catch {
                problems.append(error)
            }
        }
        return (lines, problems)
    }

    /// The lines with their continuations (which begin with a space or a tab), each with the number
    /// of its first; empty ones are left out.
    private func unfolded(_ bytes: [UInt8]) throws(Problem) -> [(ArraySlice<UInt8>, Int)] {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let body = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
        var lines: [(ArraySlice<UInt8>, Int)] = []
        var number = 0
        for raw in body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard number <= CalendarLimits.lines else {
                throw Problem(
                    code: "too-large",
                    message: "The file has more than \(CalendarLimits.lines) lines.", line: number,
                    hint: "Take past events out, or split it into two calendars.")
            }
            let line = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
            guard let first = line.first else { continue }
            guard first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") else {
                lines.append((line, number))
                continue
            }
            guard let last = lines.last else {
                throw Problem(
                    code: "bad-line", message: "The first line continues no other.", line: number,
                    hint: "The file begins with BEGIN:VCALENDAR.")
            }
            guard last.0.count + line.count <= CalendarLimits.lineLength else {
                throw Problem(
                    code: "too-large",
                    message: "The line has more than \(CalendarLimits.lineLength) bytes.",
                    line: last.1, hint: "Take it out: windows need no attachments.")
            }
            lines[lines.count - 1].0 = last.0 + line.dropFirst()
        }
        return lines
    }

    private func line(_ bytes: ArraySlice<UInt8>, _ number: Int) throws(Problem) -> ContentLine {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(
                code: "not-utf8", message: "The line isn't UTF-8.", line: number,
                hint: "Save the calendar as UTF-8.")
        }
        var rest = text.utf8[...]
        let name = word(&rest)
        guard !name.isEmpty else { throw malformed(text, number) }
        var parameters: [String: [String]] = [:]
        while rest.first == UInt8(ascii: ";") {
            rest = rest.dropFirst()
            let parameter = word(&rest)
            guard !parameter.isEmpty, rest.first == UInt8(ascii: "=") else {
                throw malformed(text, number)
            }
            repeat {
                rest = rest.dropFirst()
                guard let value = parameterValue(&rest) else { throw malformed(text, number) }
                parameters[parameter, default: []].append(value)
            } while rest.first == UInt8(ascii: ",")
        }
        guard rest.first == UInt8(ascii: ":") else { throw malformed(text, number) }
        return ContentLine(
            name: name, parameters: parameters, value: String(rest.dropFirst()) ?? "",
            position: SourcePosition(file: file, line: number, column: 1))
    }

    private func malformed(_ text: String, _ line: Int) -> Problem {
        Problem(
            code: "bad-line",
            message: "\(printableExcerpt(text)) is no line of a calendar.", line: line,
            hint:
                "Each is NAME:VALUE or NAME;PARAMETER=VALUE:VALUE; one that goes on begins with a "
                + "space.")
    }

    /// Letters, digits and hyphens, in capitals.
    private func word(_ rest: inout Substring.UTF8View) -> String {
        let word = rest.prefix { byte in
            byte == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte & 0xDF
        }
        rest = rest.dropFirst(word.count)
        return (String(word) ?? "").uppercased()
    }

    private func parameterValue(_ rest: inout Substring.UTF8View) -> String? {
        let quote = UInt8(ascii: "\"")
        if rest.first == quote {
            let inner = rest.dropFirst().prefix { $0 != quote }
            rest = rest.dropFirst(inner.count + 1)
            guard rest.first == quote else { return nil }
            rest = rest.dropFirst()
            return String(inner)
        }
        let plain = rest.prefix { !",;:\"".utf8.contains($0) }
        rest = rest.dropFirst(plain.count)
        return String(plain)
    }
}
