// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 mode, and a warning is an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "handrail",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "handrail", targets: ["handrail"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .target(
            name: "Runbooks", dependencies: [.product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(
            name: "Runner",
            dependencies: ["Runbooks", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(
            name: "Audit",
            dependencies: [
                "Runner", "CGit2", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .systemLibrary(name: "CEpoll"),
        // Headers only: libcurl is loaded when it is needed (docs/decisions/0008).
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(
            name: "Plugins",
            dependencies: [
                "Runner", "CCurl", "CEpoll",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            resources: [
                .embedInCode("Session/session.sh"), .embedInCode("Session/staging.sh"),
                .embedInCode("Session/groups.sh"), .embedInCode("Session/spool.sh"),
                .embedInCode("Session/supervisor.sh"), .embedInCode("Session/claim.sh"),
                .embedInCode("Actions/state.sh"),
                .embedInCode("Actions/file.sh"), .embedInCode("Actions/service.sh"),
                .embedInCode("Actions/package.sh"), .embedInCode("Actions/collect.sh"),
                .embedInCode("Actions/reboot.sh"),
            ],
            swiftSettings: strict),
        .target(name: "Calendars", dependencies: ["Runner", "Runbooks"], swiftSettings: strict),
        .systemLibrary(name: "CMalloc"),
        .executableTarget(
            name: "handrail",
            dependencies: [
                "Audit", "Calendars", "Plugins", "Runner", "Runbooks", "CMalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "handrail-bench", dependencies: ["Audit", "Plugins", "Runner", "Runbooks"],
            swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "RunbooksTests",
            dependencies: ["Runbooks", "TestSupport", .product(name: "Yams", package: "Yams")],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "RunnerTests", dependencies: ["Runner", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "AuditTests",
            dependencies: [
                "Audit", "Runner", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "CalendarsTests", dependencies: ["Calendars", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PluginsTests", dependencies: ["Plugins", "TestSupport"],
            exclude: ["session_contract.py", "detached_contract.py", "http_server.py"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "handrail", "Audit", "Calendars", "Runbooks", "Runner", "TestSupport",
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)
