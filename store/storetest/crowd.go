package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Crowd fills the database of the URL with so many submissions of sixty courts over the two years before now, as they would stand then: nearly all of them in CARPOS, some refused, the last ones on their
// way, a few held or given up for long, one in a hundred a test. Everything in them is invented; their contents cannot be opened. Numbers follow the submission's own g, from 1: its package is
// "crowd-g", its tracking number begins with g in nine digits, its order's case is "26CC" and eight digits, its FCN "24" and eleven; every tenth brings the proof of service of the order before it.
func Crowd(t testing.TB, url string, n int, now time.Time) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, table := range crowd {
		sql := fmt.Sprintf("with c as (%s) insert into %s", crowdRows, table)
		if _, err := conn.Exec(t.Context(), sql, n, now); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	for _, sql := range []string{"select setval('submission_id', (select max(id) from submission))", "select setval('transmission_id', (select max(id) from transmission))", "vacuum analyze"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// crowdRows are the submissions: their number g, when they came, and how they stand.
const crowdRows = `
	select g, $2::timestamptz - ($1 - g) * (interval '730 days' / $1) as at, 1 + g % 60 as court, g % 25 = 7 as refused, g % 100 = 33 as test, g % 10 = 0 as serves,
		regexp_replace(lpad(g::text, 9, '0'), '(....)(....)(.)', '\1-\2-\3')
			|| substr('0123456789ABCDEFGHJKMNPQRSTVWXY', 1 + (select sum(i * substr(lpad(g::text, 9, '0'), i, 1)::int) from generate_series(1, 9) i)::int % 31, 1) as tracking, case when g % 10 = 0 then g - 1 else g end as o,
		case when g % 2000 = 1999 then 'held' when g % 1500 = 1499 then 'given_up' when $1 - g < $1 / 500 then (array['ready', 'sent', 'unknown', 'held'])[1 + g % 4] else 'accepted' end as stands,
		(array['Client.Schema.Invalid', 'Client.Signature.DigestMismatch', 'Client.Rule.ExpiryBeforeIssue', 'Client.Image.Missing', 'Client.Order.Exists'])[1 + g / 25 % 5] as code
	from generate_series(1::bigint, $1::int) g`

// crowd are the tables with what each holds of the rows c.
var crowd = []string{
	`agency (ori, name, county, kind, carpos_name, mnemonic, submits, test, max_document_bytes, confirm_text)
		select 'CA' || lpad(k::text, 3, '0') || '013J', 'Superior Court of County ' || k, 'County ' || k, 'court', 'COUNTY ' || k || ' SUPERIOR COURT', '', true, false, 0, ''
		from generate_series(1, 60) k where (select count(*) from c) > 0 on conflict do nothing`,
	`submission (id, tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, canonical, signer, algorithm, order_id, due, due_rule, not_owed, waited_for, refused_stage, refused_code)
		select g, tracking, case when refused and g % 50 = 7 then null else (select id from agency where ori = 'CA' || lpad(c.court::text, 3, '0') || '013J') end,
			case when refused and g % 50 = 7 then '' else 'crowd-' || g end, case when serves then 'serve' else 'add' end, case when refused then 'refused' else 'accepted' end, test, at, '192.0.2.7:1', 'c-' || g,
			sha256('w'), sha256('c'), sha256('s'), 'ecdsa-sha256', case when refused then null else o end, case when refused then null else at + interval '1 day' end, 'FC 6380(a)',
			case when test and not refused then 'test' else '' end, '', case when refused then 'rules' else '' end, case when refused then code else '' end from c`,
	`received (submission_id, wire, wire_bytes, whole, content_type, stages, notes)
		select g, '\x01' || sha256('sealed') || sha256('sealed'), 4, true, 'text/xml', '[]', '[]' from c`,
	`problem (submission_id, n, code, rule, severity, text, path, line, col, element, value, citation, fix, whose)
		select g, k, code, 'Invented', 'error', 'This is not as it should be.', '/OrderPackage', 7, 1, '', null, '', 'Write it as the guide says.', 'court' from c, generate_series(1, 2) k where refused`,
	`order_ (id, court, local_id, test, added_by, agency_id, version, next_seq, open, relay, entered, oca, fcn, nic) overriding system value
		select g, 'CA' || lpad(court::text, 3, '0') || '013J', 'o-' || g, test, g, (select id from agency where ori = 'CA' || lpad(c.court::text, 3, '0') || '013J'), 1, 3, 0, case when test then 'notOwed' else 'owed' end,
			false, 'CC' || lpad(g::text, 8, '0'), '24' || lpad(g::text, 11, '0'), '' from c where not refused and not serves`,
	`oca (oca, order_id) select 'CC' || lpad(g::text, 8, '0'), g from c where not refused and not serves`,
	`order_version (order_id, version, submission_id, document, form, designator, case_number, issued, expires, access, surname, given, born, protected)
		select g, 1, g, '\x01' || sha256('sealed') || sha256('sealed'), 'CR-160', 'CPO', '26CC' || lpad(g::text, 8, '0'), at::date, null, case when g % 100 = 11 then 'sealed' else 'normal' end, 'INVENTED', 'PERSON', null, '' from c where not refused and not serves`,
	`service (submission_id, order_id, document) select g, o, '\x01' || sha256('sealed') || sha256('sealed') from c where serves and not refused`,
	`transmission (id, order_id, seq, submission_id, kind, state, test, tries, doubt, retry_at, reason, open_attempt, open_since, changed_at)
		select g, o, case when serves then 2 else 1 end, g, case when serves then 'SRR' else 'ERR' end, stands, test, 1, stands = 'unknown', case when stands in ('ready', 'unknown') then at end,
			case when stands in ('held', 'given_up') then 'CARPOS wants another race' else '' end, case when stands = 'sent' then g end, case when stands = 'sent' then at end, at + interval '1 minute'
		from c where not refused and not test`,
	`audit (at, actor, action, object, outcome, details, submission_id) select at, 'agency CA030013J', case when refused then 'submission.refuse' else 'submission.accept' end, 'submission ' || tracking, 'kept', '', g from c`,
}
