/// Text with the place where it stands in its document.
package struct PlacedText: Sendable, Hashable {
    /// One line, as it was written.
    package let text: String
    /// Where it starts.
    package let position: SourcePosition

    package init(_ text: String, at position: SourcePosition) {
        self.text = text
        self.position = position
    }
}
