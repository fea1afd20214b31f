import CGit2
import Foundation

/// What differs between a working tree and its commit.
enum GitStatus {
    /// The paths below a folder that differ from HEAD, sorted; new files count, ignored don't.
    ///
    /// Submodules aren't opened, and the index isn't rewritten. The folder is relative to the
    /// working tree; empty means all of it.
    static func changedPaths(
        in repository: OpaquePointer, below folder: String
    ) throws -> [String] {
        var options = git_status_options()
        try Git.check(
            "ask for changes",
            git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION)))
        options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
        options.flags =
            GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue
            | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS.rawValue
            | GIT_STATUS_OPT_EXCLUDE_SUBMODULES.rawValue
            | GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH.rawValue
            | GIT_STATUS_OPT_NO_REFRESH.rawValue
        guard !folder.isEmpty else { return try list(repository, &options) }
        let text = strdup(folder)
        defer { free(text) }
        var strings: [UnsafeMutablePointer<CChar>?] = [text]
        return try strings.withUnsafeMutableBufferPointer { buffer in
            options.pathspec = git_strarray(strings: buffer.baseAddress, count: 1)
            return try list(repository, &options)
        }
    }

    private static func list(
        _ repository: OpaquePointer, _ options: inout git_status_options
    ) throws -> [String] {
        let list = try Git.make("look for changes") {
            git_status_list_new($0, repository, &options)
        }
        defer { git_status_list_free(list) }
        var paths: Set<String> = []
        for index in 0..<git_status_list_entrycount(list) {
            guard let entry = git_status_byindex(list, index) else { continue }
            let delta = entry.pointee.index_to_workdir ?? entry.pointee.head_to_index
            guard let path = delta?.pointee.new_file.path ?? delta?.pointee.old_file.path else {
                continue
            }
            paths.insert(String(cString: path))
        }
        return paths.sorted()
    }
}
