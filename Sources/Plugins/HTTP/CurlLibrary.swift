import CCurl
import Glibc

/// The functions of libcurl, loaded when they are first needed.
///
/// SAFETY: it holds nothing but pointers to functions of a library that is never unloaded.
struct CurlLibrary: @unchecked Sendable {
    /// Why there is no libcurl.
    struct Missing: Error, Sendable { let reason: String }

    /// The oldest that will do, 7.85.0: it says when a request begins, and takes protocols by name.
    private static let oldest: UInt32 = 0x07_55_00

    /// Loaded once for the process.
    static let shared = Result { try CurlLibrary() }

    typealias EasyInit = @convention(c) () -> UnsafeMutableRawPointer?
    typealias EasyPerform = @convention(c) (UnsafeMutableRawPointer?) -> CURLcode
    typealias EasyCleanup = @convention(c) (UnsafeMutableRawPointer?) -> Void
    typealias ErrorText = @convention(c) (CURLcode) -> UnsafePointer<CChar>?
    typealias ListAppend =
        @convention(c) (
            UnsafeMutablePointer<curl_slist>?, UnsafePointer<CChar>?
        ) -> UnsafeMutablePointer<curl_slist>?
    typealias ListFree = @convention(c) (UnsafeMutablePointer<curl_slist>?) -> Void

    let start: EasyInit
    let perform: EasyPerform
    let cleanUp: EasyCleanup
    let errorText: ErrorText
    let append: ListAppend
    let free: ListFree
    /// `curl_easy_setopt` and `curl_easy_getinfo`, called through the shim.
    let setOption: UnsafeMutableRawPointer
    let getInformation: UnsafeMutableRawPointer

    private init() throws(Missing) {
        guard let library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL) else {
            let said = dlerror().map { String(cString: $0) } ?? "unknown"
            throw Missing(reason: "libcurl can't be loaded (\(said)); install 'libcurl4'")
        }
        func function(_ name: String) throws(Missing) -> UnsafeMutableRawPointer {
            guard let found = dlsym(library, name) else {
                throw Missing(reason: "libcurl has no '\(name)'; install 'libcurl4' 7.85 or later")
            }
            return found
        }
        func typed<Function>(_ name: String, _: Function.Type) throws(Missing) -> Function {
            unsafeBitCast(try function(name), to: Function.self)
        }
        let globalInit = try typed(
            "curl_global_init", (@convention(c) (Int) -> CURLcode).self)
        let version = try typed(
            "curl_version_info",
            (@convention(c) (CURLversion) -> UnsafeMutablePointer<curl_version_info_data>?).self)
        start = try typed("curl_easy_init", EasyInit.self)
        perform = try typed("curl_easy_perform", EasyPerform.self)
        cleanUp = try typed("curl_easy_cleanup", EasyCleanup.self)
        errorText = try typed("curl_easy_strerror", ErrorText.self)
        append = try typed("curl_slist_append", ListAppend.self)
        free = try typed("curl_slist_free_all", ListFree.self)
        setOption = try function("curl_easy_setopt")
        getInformation = try function("curl_easy_getinfo")
        guard globalInit(Int(CURL_GLOBAL_ALL)) == CURLE_OK,
            let known = version(CURLVERSION_FIRST)?.pointee, known.version_num >= Self.oldest
        else { throw Missing(reason: "libcurl is too old; install 'libcurl4' 7.85 or later") }
    }
}
