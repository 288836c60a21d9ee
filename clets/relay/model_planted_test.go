package relay

import (
	"ccpor/clets/relay/witness"
	"ccpor/store"
)

// defect is a deliberate change of the relay's behaviour, and the law by which the witness must find it. The zero value is no defect.
type defect struct {
	name   string
	laws   []witness.Law
	store  func(Store, *hub) Store
	line   func(*modelLine) line
	rules  func() rules
	config func(*Config)
	accept func(*world, store.Accepted) (store.Receipt, error)
	sql    string
}
