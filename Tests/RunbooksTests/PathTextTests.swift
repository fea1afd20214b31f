import Runbooks
import Testing

/// A path's parts, whatever characters are in it.
struct PathTextTests {
    @Test(
        arguments: [
            ("/a/b", "/a", "b"), ("/a", "/", "a"), ("/", "/", "/"), ("//", "/", "/"),
            ("a", "", "a"), ("a/b/", "a", "b"), ("a//b", "a", "b"), ("~", "", "~"),
            ("~/x", "~", "x"), ("/tmp/~", "/tmp", "~"), ("/tmp/~/x", "/tmp/~", "x"),
            ("~x/y", "~x", "y"), ("", "", ""),
        ])
    func hasAFolderAndAName(_ path: String, _ folder: String, _ name: String) {
        #expect(PathText.folder(of: path) == folder)
        #expect(PathText.name(of: path) == name)
    }

    @Test(
        arguments: [
            ("~", "/home/ann"), ("~/x", "/home/ann/x"), ("~bob/x", "./~bob/x"), ("~~", "./~~"),
            ("/tmp/~", "/tmp/~"), ("a/~/b", "a/~/b"), ("", ""), ("x", "x"),
        ])
    func aTildeThatIsTheFirstNameIsTheHomeFolder(_ given: String, _ path: String) {
        #expect(PathText.given(given, home: "/home/ann") == path)
    }
}
