extension Forecast {
    /// The forecast with a length and a digest in the place of every diff and output: what the
    /// trail keeps for ever, since it can't hold what a file or a script showed.
    package var outline: Forecast {
        var outline = self
        for target in outline.targets.indices {
            for index in outline.targets[target].entries.indices {
                var entry = outline.targets[target].entries[index]
                entry.diff = entry.diff.map(Self.measured)
                entry.outputs = entry.outputs.mapValues(Self.measured)
                outline.targets[target].entries[index] = entry
            }
        }
        return outline
    }

    private static func measured(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return "\(bytes.count) bytes, sha256 \(Digest.sha256(of: bytes))"
    }
}
