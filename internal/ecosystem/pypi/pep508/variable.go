package pep508

// A variable is what a marker can ask about. Zero is none.
type variable int

const (
	implementationName variable = iota + 1
	implementationVersion
	osName
	platformMachine
	platformPythonImplementation
	platformRelease
	platformSystem
	platformVersion
	pythonFullVersion
	pythonVersion
	sysPlatform
	extraVariable
	extrasVariable
	groupsVariable
)

// variables has each variable's name and the spellings of before PEP 508 that
// published metadata still uses.
var variables = map[string]variable{
	"implementation_name":            implementationName,
	"implementation_version":         implementationVersion,
	"os_name":                        osName,
	"os.name":                        osName,
	"platform_machine":               platformMachine,
	"platform.machine":               platformMachine,
	"platform_python_implementation": platformPythonImplementation,
	"platform.python_implementation": platformPythonImplementation,
	"python_implementation":          platformPythonImplementation,
	"platform_release":               platformRelease,
	"platform_system":                platformSystem,
	"platform_version":               platformVersion,
	"platform.version":               platformVersion,
	"python_full_version":            pythonFullVersion,
	"python_version":                 pythonVersion,
	"sys_platform":                   sysPlatform,
	"sys.platform":                   sysPlatform,
	"extra":                          extraVariable,
	"extras":                         extrasVariable,
	"dependency_groups":              groupsVariable,
}

var variableNames = [...]string{
	implementationName:           "implementation_name",
	implementationVersion:        "implementation_version",
	osName:                       "os_name",
	platformMachine:              "platform_machine",
	platformPythonImplementation: "platform_python_implementation",
	platformRelease:              "platform_release",
	platformSystem:               "platform_system",
	platformVersion:              "platform_version",
	pythonFullVersion:            "python_full_version",
	pythonVersion:                "python_version",
	sysPlatform:                  "sys_platform",
	extraVariable:                "extra",
	extrasVariable:               "extras",
	groupsVariable:               "dependency_groups",
}

func (v variable) String() string { return variableNames[v] }

// isVersion says that the specification compares the variable as a version
// where it can.
func (v variable) isVersion() bool {
	return v == implementationVersion || v == platformRelease || v == pythonFullVersion || v == pythonVersion
}

// value gives a variable that is text; the sets are evaluated by themselves.
func (s *scope) value(v variable) string {
	switch v {
	case implementationName:
		return s.env.ImplementationName
	case implementationVersion:
		return s.env.ImplementationVersion
	case osName:
		return s.env.OSName
	case platformMachine:
		return s.env.PlatformMachine
	case platformPythonImplementation:
		return s.env.PlatformPythonImplementation
	case platformRelease:
		return s.env.PlatformRelease
	case platformSystem:
		return s.env.PlatformSystem
	case platformVersion:
		return s.env.PlatformVersion
	case pythonFullVersion:
		return s.env.PythonFullVersion
	case pythonVersion:
		return s.env.PythonVersion
	case sysPlatform:
		return s.env.SysPlatform
	default:
		return s.extra
	}
}
