import Runner

/// Something that a trail was found to be and must not be.
package struct TrailFinding: Sendable, Hashable {
    /// What is wrong; the text is stable, programs may compare it (docs/trail.md, "Findings").
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case headWrong = "head-wrong"
        case branchMissing = "branch-missing"
        case refUnexpected = "ref-unexpected"
        case replaceRef = "replace-ref"
        case shallow
        case grafts
        case alternates
        case configUnexpected = "config-unexpected"
        case fileUnexpected = "file-unexpected"
        case objectMissing = "object-missing"
        case objectDamaged = "object-damaged"
        case commitForm = "commit-form"
        case commitTime = "commit-time"
        case merge
        case messageWrong = "message-wrong"
        case signatureMissing = "signature-missing"
        case signatureForm = "signature-form"
        case signatureNamespace = "signature-namespace"
        case signatureWrong = "signature-wrong"
        case keyUnknown = "key-unknown"
        case keyRetired = "key-retired"
        case keyRepeated = "key-repeated"
        case treeForm = "tree-form"
        case entryUnexpected = "entry-unexpected"
        case entryRemoved = "entry-removed"
        case entryChanged = "entry-changed"
        case entryMode = "entry-mode"
        case metaWrong = "meta-wrong"
        case checkpointWrong = "checkpoint-wrong"
        case batchMissing = "batch-missing"
        case batchForm = "batch-form"
        case batchPlace = "batch-place"
        case lineForm = "line-form"
        case lineField = "line-field"
        case lineSequence = "line-sequence"
        case lineChain = "line-chain"
        case beginningWrong = "beginning-wrong"
        case clockBackwards = "clock-backwards"
        case evidenceWrong = "evidence-wrong"
        case evidenceMissing = "evidence-missing"
        case anchorMissing = "anchor-missing"
        case anchorDiffers = "anchor-differs"
        case journalDiffers = "journal-differs"
    }

    /// What is wrong.
    package let kind: Kind
    /// The commit that brought it in; nil for what is in no commit.
    package let commit: String?
    /// The file, within the commit's tree or the repository's folder; nil for none.
    package let path: String?
    /// The event that it is at; nil when it is at none.
    package let sequence: Int?
    /// One sentence about it; printable.
    package let message: String
    /// The last event before it that can be trusted; nothing after it can.
    package let lastTrusted: Int
}

/// An event's place and digest that somebody kept outside of the trail.
package struct TrailAnchor: Sendable, Hashable {
    /// The event's `seq`: how many events the trail held.
    package let size: Int
    /// The SHA-256 of its line, in hex.
    package let digest: String

    package init(size: Int, digest: String) { (self.size, self.digest) = (size, digest) }

    /// Reads `SIZE:HASH`; nil when it is anything else.
    package init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let size = Int(parts[0]), size > 0, "\(size)" == parts[0],
            Hexadecimal.isDigits(parts[1], 64)
        else { return nil }
        self.init(size: size, digest: String(parts[1]))
    }

    /// `SIZE:HASH`.
    package var text: String { "\(size):\(digest)" }
}

/// What a walk through a whole trail found.
package struct TrailVerification: Sendable, Hashable {
    /// The most findings that are told one by one.
    package static let largestReport = 100

    /// In the order of the walk; at most 100.
    package internal(set) var findings: [TrailFinding] = []
    /// How many there are in all.
    package internal(set) var findingCount = 0
    /// How many events were read.
    package internal(set) var events = 0
    /// How many commits were read.
    package internal(set) var commits = 0
    /// How far the trail goes; nil when it could not be walked.
    package internal(set) var tip: TrailAnchor?
    /// The commit that its branch names.
    package internal(set) var commit: String?
    /// Whose trail it is.
    package internal(set) var controller: String?
    /// Whether anything that was kept outside agrees with it.
    package internal(set) var isAnchored = false
    /// The last event that can be trusted; equal to the tip's without findings.
    package internal(set) var lastTrusted = 0

    /// Whether nothing was found.
    package var isConsistent: Bool { findingCount == 0 }

    mutating func add(_ finding: TrailFinding) {
        findingCount += 1
        if findings.count < Self.largestReport { findings.append(finding) }
    }
}
