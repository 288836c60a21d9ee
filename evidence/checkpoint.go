package evidence

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"ccpor/exchange/seal"
	"ccpor/store"
)

// Sign is the hub's signature on checkpoints; nil where the hub has no key.
func Sign(s *seal.Sealer) store.SignCheckpoint {
	if s == nil {
		return nil
	}
	return func(size int64, root [32]byte, at time.Time) ([]byte, error) {
		document := fmt.Sprintf(`<Checkpoint xmlns="%s" Id="checkpoint-%d"><TreeSize>%d</TreeSize><RootSHA256>%x</RootSHA256><SignedDateTime>%s</SignedDateTime></Checkpoint>`,
			seal.Checkpoint.Space, size, size, root, at.UTC().Format(time.RFC3339))
		return s.Seal([]byte(document), at)
	}
}

var errCheckpoint = errors.New("the checkpoint does not say size and root as it should")

// Open reads a checkpoint that one of the hub's certificates has signed while it was in force.
func Open(hub []*x509.Certificate) store.OpenCheckpoint {
	return func(document []byte) (size int64, root [32]byte, at time.Time, err error) {
		o, err := seal.Open(document, seal.Checkpoint, hub)
		if err != nil {
			return 0, root, at, err
		}
		var c struct {
			Size []int64  `xml:"TreeSize"`
			Root []string `xml:"RootSHA256"`
		}
		if err := xml.Unmarshal(o.Octets(), &c); err != nil {
			return 0, root, at, fmt.Errorf("read the checkpoint: %w", err)
		}
		if len(c.Size) != 1 || len(c.Root) != 1 {
			return 0, root, at, errCheckpoint
		}
		digest, err := hex.DecodeString(c.Root[0])
		if err != nil || len(digest) != len(root) {
			return 0, root, at, errCheckpoint
		}
		return c.Size[0], [32]byte(digest), o.SignedAt, nil
	}
}
