package client

import "time"

// SetPatience sets how long a gate may be away.
func (c *Client) SetPatience(d time.Duration) { c.patience = d }
