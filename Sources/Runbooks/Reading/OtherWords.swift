/// Words of other tools for what this format calls something else, for "did you mean".
enum OtherWords {
    /// The word here, by the other one in lower case.
    static let meaning = [
        "bool": "boolean", "flag": "boolean", "int": "integer", "long": "integer",
        "str": "string", "text": "string", "float": "number", "double": "number",
        "decimal": "number", "enum": "choice", "select": "choice", "array": "list",
        "strings": "list", "time": "duration", "interval": "duration", "bytes": "size",
        "date": "timestamp", "datetime": "timestamp", "host": "hostname", "fqdn": "hostname",
        "address": "ip", "ipv4": "ip", "ipv6": "ip", "uri": "url", "mail": "email",
        "password": "secret", "file": "path", "folder": "path", "server": "target",
        "incident": "resolution", "fix": "resolution", "maintenance": "change",
        "readonly": "read", "none": "read", "started": "running", "up": "running",
        "start": "running", "absent": "stopped", "stop": "stopped", "down": "stopped",
        "restart": "restarted", "reload": "reloaded", "ignore": "continue", "local": "controller",
        "localhost": "controller", "remote": "target",
    ]
}

/// What to write where a number lacks its unit, or has another tool's.
enum AmountHint {
    /// The hint for a text in a document that is no length of time, or no size.
    static func text(for written: String, isSize: Bool) -> String {
        if let amount = amount(for: written, isSize: isSize) {
            let others = isSize ? "20MiB or 1GiB" : "500ms, 5m or 2h"
            return "Write \(amount), if that is meant; others are \(others)."
        }
        return isSize
            ? "Write a number and its unit, such as 512B, 20MiB or 1GiB."
            : "Write a number and its unit, such as 500ms, 40s, 5m or 2h."
    }

    /// What was most likely meant; nil where that isn't clear.
    static func amount(for written: String, isSize: Bool) -> String? {
        let digits = written.prefix { $0.isASCII && $0.isNumber }
        let rest = written.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard !digits.isEmpty, digits.count <= 9, let unit = (isSize ? sizes : times)[rest],
            digits + unit != written
        else { return nil }
        return digits + unit
    }

    private static let times = [
        "": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "s": "s", "min": "m",
        "mins": "m", "minute": "m", "minutes": "m", "m": "m", "hour": "h", "hours": "h",
        "hr": "h", "h": "h", "day": "d", "days": "d", "d": "d", "ms": "ms", "msec": "ms",
    ]

    private static let sizes = [
        "": "B", "b": "B", "byte": "B", "bytes": "B", "k": "KiB", "kb": "kB", "kib": "KiB",
        "m": "MiB", "mb": "MB", "mib": "MiB", "g": "GiB", "gb": "GB", "gib": "GiB",
    ]
}
