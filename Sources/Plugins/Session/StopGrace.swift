/// How the steps of ending an attempt are spaced: TERM, KILL, giving the session up.
package struct StopGrace: Sendable, Hashable {
    /// Between TERM and KILL.
    package var beforeKill: Duration
    /// Between KILL and giving the session up.
    package var beforeHangUp: Duration

    package init(beforeKill: Duration = .seconds(5), beforeHangUp: Duration = .seconds(10)) {
        self.beforeKill = beforeKill
        self.beforeHangUp = beforeHangUp
    }
}
