package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// ErrEnteredTwice says that an agency's orders were to be entered by the hub and by somebody else.
var ErrEnteredTwice = errors.New("the hub enters the agency's orders: somebody else enters them only where the hub does not")

// RegisterAgency adds the agency, or makes the one with the same ORI what is given here, limits excepted. ErrEnteredTwice.
func (s *Store) RegisterAgency(ctx context.Context, a Agency) (AgencyID, error) {
	id, err := register(ctx, s.pool, a)
	s.known.forget()
	return id, err
}

// ErrMnemonicTaken says that another agency's transactions go on the line: what the switch sends to it unasked could not be told apart.
var ErrMnemonicTaken = errors.New("the line is another agency's")

// ChangeAgency changes what change changes of the agency with that ORI, or adds one that is what change makes of a new one, and notes who did it with what it was before and is now. A new agency is a court for which
// the hub enters. An error of change changes nothing. ErrEnteredTwice, ErrMnemonicTaken.
func (s *Store) ChangeAgency(ctx context.Context, ori order.ORI, by By, now time.Time, change func(a *Agency, isNew bool) error) (Agency, error) {
	var after Agency
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		before, err := one(ctx, tx, scanAgency, "find the agency", "select "+agencyColumns+" from agency a where ori = $1 for update", string(ori))
		isNew := errors.Is(err, ErrNotFound)
		if err != nil && !isNew {
			return err
		}
		after = before
		if isNew {
			after = Agency{ORI: ori, Submits: true}
		}
		if err := change(&after, isNew); err != nil {
			return err
		}
		if after.Mnemonic != before.Mnemonic {
			if err := mnemonicFree(ctx, tx, after); err != nil {
				return err
			}
		}
		if _, err := register(ctx, tx, after); err != nil {
			return err
		}
		if after, err = one(ctx, tx, scanAgency, "find the agency", "select "+agencyColumns+" from agency a where ori = $1", string(ori)); err != nil {
			return err
		}
		action, details := "agency.change", changed(before, after)
		if isNew {
			action = "agency.add"
		}
		return note(ctx, tx, by.aboutAgency(ori, now, agencyNote{action, outcomeOf(details), details}))
	})
	s.known.forget()
	return after, err
}

// mnemonicFree says that no other agency has the line to itself.
func mnemonicFree(ctx context.Context, tx pgx.Tx, a Agency) error {
	if a.Mnemonic == "" {
		return nil
	}
	taken, err := one(ctx, tx, pgx.RowTo[bool], "look for a line", "select exists (select from agency where mnemonic = $1 and ori <> $2)", a.Mnemonic, string(a.ORI))
	if err == nil && taken {
		return ErrMnemonicTaken
	}
	return err
}

func outcomeOf(details string) string {
	if details == "" {
		return "as it was"
	}
	return "set"
}

// changed lists what is not as it was: "test: false -> true".
func changed(before, after Agency) string {
	was, is := before.described(), after.described()
	var all []string
	for i, d := range is {
		if d.value != was[i].value {
			all = append(all, d.name+": "+was[i].value+" -> "+d.value)
		}
	}
	return strings.Join(all, "; ")
}

type described struct{ name, value string }

// described is what is registered of an agency, in words of the command line. Grants and limits have acts of their own, but an agency may be added with grants.
func (a Agency) described() []described {
	yes := strconv.FormatBool
	return []described{{"name", strconv.Quote(a.Name)}, {"county", strconv.Quote(a.County)}, {"kind", string(a.Kind)}, {"carpos-name", strconv.Quote(a.CarposName)}, {"mnemonic", strconv.Quote(a.Mnemonic)},
		{"clets", yes(a.Submits)}, {"entered-by", strconv.Quote(string(a.EnteredBy))}, {"test", yes(a.Test)}, {"max-document-bytes", strconv.FormatInt(a.MaxDocumentBytes, 10)}, {"confirm", strconv.Quote(a.ConfirmText)},
		{"query", yes(a.MayQuery)}, {"images", yes(a.MayImages)}, {"read-only", yes(a.ReadOnly)}, {"no-callbacks", yes(a.NoCallbacks)}, {"message-signature", string(a.MessageSignature)}, {"replays", yes(a.Replays)}}
}

// rower is a pool or a transaction.
type rower interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func register(ctx context.Context, q rower, a Agency) (AgencyID, error) {
	if a.Kind == "" {
		a.Kind = KindCourt
	}
	if a.MessageSignature == "" {
		a.MessageSignature = MessageSignatureAccepted
	}
	if a.CarposName == "" {
		a.CarposName = a.Name[:min(len(a.Name), 30)]
	}
	if a.Submits && a.EnteredBy != "" {
		return 0, fmt.Errorf("register agency %s: %w", a.ORI, ErrEnteredTwice)
	}
	var id AgencyID
	err := q.QueryRow(ctx, `insert into agency (ori, name, county, kind, carpos_name, mnemonic, submits, test, max_document_bytes, confirm_text, may_query, may_images, read_only, no_callbacks, message_signature, replays, entered_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		on conflict (ori) do update set name = excluded.name, county = excluded.county, kind = excluded.kind, carpos_name = excluded.carpos_name,
			mnemonic = excluded.mnemonic, submits = excluded.submits, test = excluded.test, max_document_bytes = excluded.max_document_bytes,
			confirm_text = excluded.confirm_text, may_query = excluded.may_query,
			may_images = excluded.may_images, read_only = excluded.read_only, no_callbacks = excluded.no_callbacks, message_signature = excluded.message_signature, replays = excluded.replays,
			entered_by = excluded.entered_by
		returning id`,
		string(a.ORI), a.Name, a.County, string(a.Kind), a.CarposName, a.Mnemonic, a.Submits, a.Test, a.MaxDocumentBytes, a.ConfirmText, a.MayQuery, a.MayImages, a.ReadOnly, a.NoCallbacks,
		string(a.MessageSignature), a.Replays, string(a.EnteredBy)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("register agency %s: %w", a.ORI, err)
	}
	return id, nil
}
