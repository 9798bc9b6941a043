package disk

// Room is what a file system has, in bytes.
type Room struct {
	Free  int64 // for this user
	Total int64
}
