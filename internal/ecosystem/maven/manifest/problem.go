package manifest

// The rules of problems. They are stable: policies and waivers name them, and those
// that other ecosystems have as well mean the same there.
const (
	RuleInclude  = "manifest-include"          // a module or a parent that cannot be read
	RuleIndex    = "manifest-index-option"     // names a repository
	RulePath     = "manifest-path-requirement" // scope system: a jar on the machine itself
	RuleBad      = "manifest-requirement"      // a dependency that the gate cannot read
	RuleFloating = "manifest-floating-version" // LATEST, RELEASE or no version at all: whatever there is
	RuleSnapshot = "manifest-snapshot"         // a version whose bytes change
	RuleRange    = "manifest-range"            // a range where one version should stand
	RuleProfile  = "manifest-profile"          // what holds depends on a machine that the gate does not know
	RuleOption   = "manifest-option"           // .mvn/maven.config changes what Maven builds

	RuleLockNoHash   = "lock-file-without-hash"    // a locked file that nothing vouches for
	RuleLockWeakHash = "lock-weak-hash"            // nothing better than SHA-1 vouches for it
	RuleLockTrust    = "lock-trusts-unseen"        // verification is told to look away
	RuleLockAlone    = "lock-lists-more-than-used" // verification metadata alone
	RuleApproximate  = "manifest-approximate"      // the closure is Maven's, and Gradle's may differ
)
