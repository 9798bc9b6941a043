package clientconfig

// poetryNote is the truth about poetry: its user configuration
// (`poetry config repositories.…`) is for publishing only, sources belong to a
// project's pyproject.toml. A primary source also turns the default index off.
const poetryNote = "poetry keeps package sources in each project's pyproject.toml and has no user-level setting for them: nothing was written; run this in each project"

func setupPoetry(base string, token bool) Plan {
	p := Plan{URL: base + "simple/", Notes: []string{poetryNote}}
	p.Commands = []string{"poetry source add --priority=primary " + sourceName + " " + p.URL}
	if token {
		// Without a password on the line poetry asks for it, so that it stands in no
		// shell history or process list.
		p.Commands = append(p.Commands, "poetry config http-basic."+sourceName+" token")
		p.Notes = append(p.Notes, "the second command asks for the token and keeps it in the keyring, or in poetry's auth.toml where there is none")
	}
	p.Commands = append(p.Commands, "poetry lock")
	return p
}
