package manifest

// The rules of problems. They are stable: policies and waivers name them.
const (
	RuleInclude    = "manifest-include"          // a module of a go.work that cannot be read
	RuleReplace    = "go-replace"                // another module is built in a module's place
	RulePath       = "manifest-path-requirement" // a folder is built in a module's place
	RuleSumMissing = "lock-file-without-hash"    // go.sum says nothing about a module that go.mod lists
	RuleSumTwice   = "lock-hash-contradiction"   // go.sum says two things about one module
	RuleVendor     = "go-vendor-disagrees"       // vendor/modules.txt is not what go.mod says
	RuleVendored   = "go-vendored"               // code is built from the vendor folder
	RuleOldSum     = "go-sum-without-go-mod"     // a go.sum alone lists more than is built
)
