package manifest

// The rules of problems. They are stable: policies and waivers name them, and those
// that other ecosystems have as well mean the same there.
const (
	RuleInclude = "manifest-include"          // a member of a workspace that cannot be read
	RuleIndex   = "manifest-index-option"     // names a registry
	RuleVCS     = "manifest-vcs-requirement"  // git
	RulePath    = "manifest-path-requirement" // a folder outside of what the gate sees
	RuleSource  = "manifest-source"           // [patch], [replace], [source]: a crate is taken from elsewhere
	RuleBad     = "manifest-requirement"      // a dependency that the gate cannot read

	RuleLockIndex    = "lock-names-index"       // a lock names a registry
	RuleLockSource   = "lock-source"            // a locked crate does not come from a registry
	RuleLockNoHash   = "lock-file-without-hash" // a locked crate that nothing vouches for
	RuleLockUnlinked = "lock-disagrees"         // an edge of the lock leads nowhere
)
