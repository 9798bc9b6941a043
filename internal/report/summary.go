package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Summary is an outcome in a word, a sentence and a next step.
type Summary struct {
	Class    string // admit, hold, reject: for the style sheet
	Word     string // "Refused"
	Sentence string // "1 of 201 new versions refused, 1 held."
	Next     string // what to do; may be empty

	New, Admitted, Held, Refused, Observed int // versions
}

// summarise says what came of it.
func (r Report) summarise() Summary {
	o := r.Outcome
	s := Summary{Class: o.Verdict.String(), Word: Word(o.Verdict)}
	for _, v := range o.Versions {
		if v.New {
			s.New++
		}
		switch {
		case v.Verdict == verdict.Reject:
			s.Refused++
		case v.Verdict == verdict.Hold:
			s.Held++
		case observed(v):
			s.Observed++
		case r.Audit != nil && notLookedUp(v):
			s.Held++
		default:
			s.Admitted++
		}
	}
	if r.Audit != nil {
		return r.summariseAudit(s)
	}
	s.Sentence, s.Next = sentence(o, s), next(o, s)
	switch o.Status {
	case verdict.Failed:
		s.Class, s.Word = verdict.Hold.String(), "No answer"
	case verdict.Cancelled:
		s.Class, s.Word = verdict.Hold.String(), "Cancelled"
	}
	return s
}

func sentence(o verdict.Outcome, s Summary) string {
	of := Count(s.New, "new version", "new versions")
	if s.New == 0 || s.Refused+s.Held+s.Observed > s.New {
		of = Count(len(o.Versions), "version", "versions")
	}
	var what string
	switch {
	case o.Status == verdict.Cancelled:
		return "It was taken back before there was an answer"
	case o.Status == verdict.Failed && len(o.Versions) == 0:
		return "Nothing was decided"
	case o.Status == verdict.Failed:
		return "Not everything could be decided"
	case s.Refused > 0 && s.Held > 0:
		what = fmt.Sprintf("%d of %s refused, %d held", s.Refused, of, s.Held)
	case s.Refused > 0:
		what = fmt.Sprintf("%d of %s refused", s.Refused, of)
	case s.Held > 0:
		what = fmt.Sprintf("%d of %s held", s.Held, of)
	case o.Verdict != verdict.Admit:
		return "Something in the files themselves stands in the way"
	case len(o.Versions) == 0:
		return "Nothing in it to look at"
	case s.Observed > 0:
		return fmt.Sprintf("%s served, %d of them only because the registry observes", of, s.Observed)
	case s.New == 0:
		return "Nothing new, and all of it is ready to install"
	case s.New == 1:
		return "The new version is ready to install"
	default:
		what = "All " + of + " are ready to install"
	}
	return what
}

// next is what to do about it, from what the remedies and dates say.
func next(o verdict.Outcome, s Summary) string {
	var out []string
	lines, mended, proved := 0, 0, 0
	waiting, opening := 0, time.Time{}
	for _, g := range groupsOf(o.Versions) {
		refused := false
		for _, v := range g.versions {
			switch {
			case v.Verdict == verdict.Reject:
				refused = true
			case v.Verdict == verdict.Hold && v.Until == nil:
				waiting++
			case v.Verdict == verdict.Hold && v.Until.After(opening):
				opening = *v.Until
			}
		}
		if !refused {
			continue
		}
		lines++
		if r := remedyOf(g.versions); r != nil {
			mended++
			if r.Proved {
				proved++
			}
		}
	}
	switch {
	case lines > 0 && proved == lines:
		out = append(out, "Change "+Count(lines, "line", "lines")+" as shown and no version is refused any more; that was resolved and decided again.")
	case lines > 0 && mended == lines:
		out = append(out, "What to do about each line is shown below.")
	case mended > 0:
		out = append(out, fmt.Sprintf("A change was found for %d of the %d lines.", mended, lines))
	case lines > 0:
		out = append(out, "No change of one line alone could be proved to clear it.")
	}
	if slices.ContainsFunc(o.Problems, func(p verdict.Problem) bool { return effective(p.Effect) != verdict.EffectNote }) {
		out = append(out, "What is wrong with the files themselves is listed first.")
	}
	if !opening.IsZero() {
		out = append(out, "What is held for its age opens by itself, the last on "+day(opening)+".")
	}
	if waiting > 0 {
		out = append(out, Count(waiting, "version waits", "versions wait")+" for a person.")
	}
	if o.Status == verdict.Failed || o.Status == verdict.Cancelled {
		out = []string{"What stopped it is below. Nothing was admitted that was not admitted before."}
	}
	if s.Observed > 0 {
		out = append(out, "If the registry did more than observe, what is marked below would not be handed out.")
	}
	return strings.Join(out, " ")
}

func remedyOf(vs []verdict.VersionOutcome) *verdict.Remedy {
	for _, v := range vs {
		if v.Remedy != nil {
			return v.Remedy
		}
	}
	return nil
}
