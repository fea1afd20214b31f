/// What the alerts of deviations are called, and the labels that lead back to the item.
package enum DeviationLabels {
    /// The name of all of them.
    package static let name = "BaselineDeviates"
    /// The label with the baseline's id.
    package static let baseline = "baseline"
    /// The label with the item's id.
    package static let item = "item"
}
