/// Numbers of bytes as people read them.
enum SizeText {
    /// Such as `812 B`, `4.3 MiB` or `1.1 GiB`.
    static func of(_ bytes: Int) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB"]
        guard bytes >= 1024 else { return "\(bytes) B" }
        var (tenths, unit) = (bytes * 10 / 1024, 0)
        while tenths >= 10_240, unit + 1 < units.count {
            (tenths, unit) = (tenths / 1024, unit + 1)
        }
        return tenths >= 1000
            ? "\(tenths / 10) \(units[unit])"
            : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
