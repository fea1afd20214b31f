/// What is known of trust when a gate is asked.
package enum TrustState: Sendable {
    /// There is none: the account is the person.
    case solo
    /// There is a folder that can't be used, and why, as a clause.
    case unusable(String)
    /// What it says, and the account whose process asks.
    case known(TrustBook, account: String, at: Timestamp)
}
