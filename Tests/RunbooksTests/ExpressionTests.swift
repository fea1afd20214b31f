import struct Foundation.Data
import class Foundation.JSONDecoder
import class Foundation.JSONEncoder
import Runbooks
import TestSupport
import Testing

struct ExpressionTests {
    @Test(arguments: [
        ("role = hub", Expression.compare(name("role"), .equal, "hub")),
        ("role=hub", .compare(name("role"), .equal, "hub")),
        ("role != 'a b'", .compare(name("role"), .notEqual, "a b")),
        ("a.b >= 1.10", .compare(name("a", "b"), .greaterOrEqual, "1.10")),
        ("role in [a, \"b c\"]", .isIn(name("role"), ["a", "b c"], negated: false)),
        (
            "role not in [and]".replacing("and", with: "'and'"),
            .isIn(name("role"), ["and"], negated: true)
        ),
        ("has canary", .has(name("canary"))),
        ("force", .holds(name("force"))),
        ("not a = b", .not(.compare(name("a"), .equal, "b"))),
        ("a or b and c", .or(.holds(name("a")), .and(.holds(name("b")), .holds(name("c"))))),
        ("(a or b) and c", .and(.or(.holds(name("a")), .holds(name("b"))), .holds(name("c")))),
        ("a and b and c", .and(.and(.holds(name("a")), .holds(name("b"))), .holds(name("c")))),
        ("x = 'it''s'", .compare(name("x"), .equal, "it's")),
        ("x = ''", .compare(name("x"), .equal, "")),
        ("users-calm = calls", .compare(name("users-calm"), .equal, "calls")),
        ("url = http://a:1/b%20c", .compare(name("url"), .equal, "http://a:1/b%20c")),
    ])
    func reads(text: String, expected: Expression) throws {
        #expect(try Expression.parse(text).get() == expected)
    }

    @Test(arguments: [
        ("role & site", 5, "`and`"), ("a && b", 2, "`and`"), ("a | b", 2, "`or`"),
        ("a || b", 2, "`or`"), ("!a", 0, "`not`"), ("a == b", 2, "`=`"), ("a =~ b", 2, "in ["),
        ("a !~ b", 2, "not in"), ("a <> b", 2, "`!=`"), ("a = $b", 4, "$name"),
        ("a = mb*", 6, "alone"),
        ("a = b AND c = d", 6, "`and`"), ("a = b c", 6, "quotes"), ("a = and", 4, "quotes"),
        ("a, b", 1, "in ["), ("a in b", 5, "in ["), ("a not = b", 6, "not in"),
        ("true", 0, "name = true"), ("a = \u{201C}b\u{201D}", 4, "write \""), ("a)", 1, "closes"),
        ("(a", 0, "`)`"), ("a in [b", 5, "in ["), ("a = 'b", 4, "quote"), ("a = ", 4, "value is"),
        ("'a' = b", 0, "left"), ("a.b.c = d", 0, "step.output"), ("1a = b", 0, "letter"),
        ("a < soon", 2, "seconds"), ("", 0, "role = hub"), ("   ", 0, "role = hub"),
    ])
    func refusesWithPlaceAndHint(text: String, offset: Int, hint: String) {
        guard case .failure(let error) = Expression.parse(text) else {
            Issue.record("\(text) was read")
            return
        }
        #expect(error.offset == offset)
        #expect(error.hint?.contains(hint) == true, "\(error)")
    }

    @Test(arguments: [
        "a = 'x\u{1B}'", "a = '\u{202E}'", "a = '\0'", "a in []", "and", "a = \u{E9}",
    ])
    func refuses(text: String) {
        #expect(throws: ExpressionError.self) { try Expression.parse(text).get() }
    }

    @Test func boundsLengthAndDepth() throws {
        let deep = String(repeating: "(", count: 63) + "a" + String(repeating: ")", count: 63)
        #expect(try Expression.parse(deep).get() == .holds(name("a")))
        #expect(throws: ExpressionError.self) { try Expression.parse("(\(deep))").get() }
        let nots = String(repeating: "not ", count: 64) + "a"
        #expect(throws: ExpressionError.self) { try Expression.parse(nots).get() }
        let long = "a" + String(repeating: " or a", count: 819)
        #expect(long.utf8.count == 4096)
        #expect(try Expression.parse(long).get().description == long)
        #expect(throws: ExpressionError.self) { try Expression.parse(long + " ").get() }
        let dense = "a in [" + String(repeating: "b,", count: 2000) + "b]"
        #expect(throws: ExpressionError.self) { try Expression.parse(dense).get() }
    }

    @Test func everyCanonicalTextReadsBackEqual() throws {
        var random = SeededNumbers(seed: 3)
        for _ in 0..<3000 {
            let expression = Self.anyExpression(depth: 5, &random)
            #expect(try Expression.parse(expression.description).get() == expression)
        }
    }

    @Test func neverFailsOnAnyText() {
        let pieces = [
            "a", "=", "!=", "<", "in", "not", "and", "or", "has", "(", ")", "[", "]", ",", "'",
            "\"", "1", "&", "\u{202E}", "\0", " ",
        ]
        var random = SeededNumbers(seed: 4)
        var read = 0
        for _ in 0..<5000 {
            let count = Int.random(in: 0...9, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined(
                separator: " ")
            switch Expression.parse(text) {
            case .success(let expression):
                read += 1
                #expect(Expression.parse(expression.description) == .success(expression))
            case .failure(let error): #expect((0...text.utf8.count).contains(error.offset))
            }
        }
        #expect(read > 20)
    }

    @Test func isCodedAsItsText() throws {
        let expression = try Expression.parse("(a or b)  and role in [x,'y z']").get()
        let coded = try JSONEncoder().encode([expression])
        #expect(String(decoding: coded, as: UTF8.self) == "[\"(a or b) and role in [x, 'y z']\"]")
        #expect(try JSONDecoder().decode([Expression].self, from: coded) == [expression])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Expression].self, from: Data("[\"a &\"]".utf8))
        }
    }

    @Test func listsItsNamesOnce() throws {
        let expression = try Expression.parse("b = 1 and (a.c in [x] or has b) and not d").get()
        #expect(expression.names.map(\.description) == ["b", "a.c", "d"])
    }

    @Test(arguments: [
        ("role = hub", true), ("role = edge", true), ("role = mailbox", false),
        ("role != mailbox", true), ("role != hub", false), ("role in [x, edge]", true),
        ("role not in [x]", true), ("role not in [hub]", false), ("none = x", false),
        ("none != x", false), ("none in [x]", false), ("none not in [x]", false),
        ("none < 1", false), ("has none", false), ("not none = x", true), ("has role", true),
        ("empty != x", false), ("has empty", false), ("force", true), ("off", false),
        ("none", false), ("version > 1.9", true), ("version < 1.9", false),
        ("version = 1.1", false), ("version >= 1.10.0", true), ("version <= 1.10", true),
        ("count > 9", true), ("count < 9", false), ("count > 010", false), ("below < 0", true),
        ("below < -4.5", true), ("site < 5", false), ("site > 5", false), ("ratio > 0.25", true),
        ("mixed < 3", true), ("mixed > 3", true), ("big > 99999999999999999999", true),
        ("role = hub and not site = us", true), ("role = x or site = eu", true),
    ])
    func holdsAsTheSemanticsSay(text: String, expected: Bool) throws {
        let values: [String: [String]] = [
            "role": ["hub", "edge"], "site": ["eu"], "empty": [], "force": ["true"],
            "off": ["false"], "version": ["1.10"], "count": ["10"], "below": ["-5"],
            "ratio": ["0.5"], "mixed": ["2", "x", "4"], "big": ["100000000000000000000"],
        ]
        let scope = Scope(
            lookUp: { values[$0.description] }, isNumber: { $0.description == "ratio" })
        #expect(try Expression.parse(text).get().holds(in: scope) == expected)
    }

    @Test func versionsAreOrderedByTheirParts() throws {
        let ascending = ["0", "0.9", "1", "1.2", "1.9", "1.10", "1.10.1", "2", "10", "010.1"]
        for (left, lower) in ascending.enumerated() {
            for (right, upper) in ascending.enumerated() {
                let scope = Scope { _ in [lower] }
                let less = try Expression.parse("v < \(upper)").get().holds(in: scope)
                let greater = try Expression.parse("v > \(upper)").get().holds(in: scope)
                #expect(less == (left < right), "\(lower) < \(upper)")
                #expect(greater == (left > right), "\(lower) > \(upper)")
            }
        }
    }

    private static func anyExpression(
        depth: Int, _ random: inout SeededNumbers
    ) -> Expression {
        let names = [name("role"), name("target", "x"), name("step-1", "out"), name("a_b")]
        let values = ["hub", "", "a b", "it's", "\"", "and", "1.10", "=", "\u{E9}", "x,y", "-"]
        let any = names.randomElement(using: &random) ?? name("a")
        let value = values.randomElement(using: &random) ?? ""
        switch Int.random(in: 0...(depth > 0 ? 7 : 4), using: &random) {
        case 0: return .compare(any, Bool.random(using: &random) ? .equal : .notEqual, value)
        case 1:
            return .compare(
                any, Expression.Comparison.allCases.randomElement(using: &random) ?? .less, "1.5")
        case 2:
            return .isIn(
                any, Array(values.shuffled(using: &random).prefix(3)),
                negated: Bool.random(using: &random))
        case 3: return .has(any)
        case 4: return .holds(any)
        case 5: return .not(anyExpression(depth: depth - 1, &random))
        case 6:
            return .and(
                anyExpression(depth: depth - 1, &random), anyExpression(depth: depth - 1, &random))
        default:
            return .or(
                anyExpression(depth: depth - 1, &random), anyExpression(depth: depth - 1, &random))
        }
    }
}

private func name(_ parts: String...) -> Expression.Name { Expression.Name(parts: parts) }
