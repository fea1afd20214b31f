/// The first bytes of what comes, as they are, and the count of all of them.
struct HeadBuffer {
    private let limit: Int
    /// The first ones, up to the limit.
    private(set) var bytes: [UInt8] = []
    /// How many bytes came in.
    private(set) var total = 0

    init(limit: Int) { self.limit = limit }

    /// Takes the next bytes.
    mutating func append(_ more: UnsafeRawBufferPointer) {
        total += more.count
        bytes.append(contentsOf: more.prefix(limit - bytes.count))
    }
}
