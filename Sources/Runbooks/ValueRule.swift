/// A named value that differs between targets: the first pick whose condition holds there.
package struct ValueRule: Sendable, Hashable, Codable {
    /// One of the texts that it may be.
    package struct Pick: Sendable, Hashable, Codable {
        /// Over labels and parameters; nil always holds.
        package var when: Expression?
        /// The text; a reference is to a parameter.
        package var text: Argument

        private enum CodingKeys: String, CodingKey {
            case when
            case text = "is"
        }

        package init(when: Expression?, text: Argument) { (self.when, self.text) = (when, text) }
    }

    /// What references call it.
    package var name: ParameterName
    /// In order.
    package var picks: [Pick]

    package init(name: ParameterName, picks: [Pick]) { (self.name, self.picks) = (name, picks) }
}
