package upkeep

// State says how one thing that a doctor looked at is.
type State string

// The states. The zero State is no answer, and counts as Fail.
const (
	OK   State = "ok"
	Warn State = "warn" // it works, and somebody should look
	Fail State = "fail" // the gate does not do what it is there for
)

// Check is one thing that was looked at.
type Check struct {
	Name  string `json:"name"` // a stable word
	State State  `json:"state"`
	Text  string `json:"text"`           // what was seen
	Next  string `json:"next,omitempty"` // what to do about it
}

// Worst is the worst state of all; Fail when nothing was looked at.
func Worst(checks []Check) State {
	worst := OK
	if len(checks) == 0 {
		return Fail
	}
	for _, c := range checks {
		switch {
		case c.State != OK && c.State != Warn:
			return Fail
		case c.State == Warn:
			worst = Warn
		}
	}
	return worst
}
