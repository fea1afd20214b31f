import Runner

/// An executor that needs a task to run its sessions' processes in.
package protocol ServingExecutor: Executor {
    /// Runs the sessions until `shutDown`; nothing starts while nobody runs this.
    ///
    /// When the calling task is cancelled all sessions end at once.
    func serve() async
}
