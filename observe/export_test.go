package observe

import "time"

// SetPatience says how long whoever scrapes waits.
func (d *Database) SetPatience(p time.Duration) { d.patience = p }
