package main

import (
	"bytes"
	"strings"
	"testing"

	"ccpor/store"
	"ccpor/store/storetest"
)

// Contacts, closures and windows as an operator types them.
func TestAdministrationCommands(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	step := func(status int, want string, args ...string) {
		t.Helper()
		var out, errOut bytes.Buffer
		if got := run(t.Context(), append(args, "--database-url", url), &out, &errOut); got != status || !strings.Contains(out.String()+errOut.String(), want) {
			t.Errorf("ccpor %s: status %d, want %d and %q:\n%s%s", strings.Join(args, " "), got, status, want, out.String(), errOut.String())
		}
	}
	const expired = "../../testdata/keys/expired.crt"
	step(0, "is registered", "agency", "add", "--ori", "CA030013J", "--name", "Invented Court", "--mnemonic", "CCP2")
	step(1, "the line is another agency's", "agency", "add", "--ori", "CA019013J", "--name", "Another Court", "--mnemonic", "CCP2")
	step(0, "is registered", "agency", "add", "--ori", "CA0349400", "--name", "Invented help desk", "--kind", "helpDesk")
	step(1, "send no orders", "agency", "grant", "--ori", "CA0349400", "submit")
	step(1, "the certificate ended on", "agency", "certificate", "--ori", "CA030013J", "--use", "signing", "--file", expired)

	contact := []string{"agency", "contact"}
	step(0, "Nobody is named", append(contact, "--ori", "CA030013J")...)
	step(0, "1  confirmation  Control one  555-0100", append(contact, "add", "--ori", "CA030013J", "--kind", "confirmation", "--name", "Control one", "--telephone", "555-0100", "--as", "jdoe")...)
	step(1, "telephone number or an e-mail", append(contact, "add", "--ori", "CA030013J", "--kind", "office", "--name", "Office", "--as", "jdoe")...)
	step(1, "no agency is registered as CA999999J", append(contact, "list", "--ori", "CA999999J")...)
	step(0, `"kind":"confirmation"`, append(contact, "list", "--ori", "CA030013J", "--json")...)
	step(1, "has no contact 7", append(contact, "remove", "--ori", "CA030013J", "7", "--as", "jdoe")...)
	step(0, "taken away", append(contact, "remove", "--ori", "CA030013J", "1", "--as", "jdoe")...)

	closure := []string{"agency", "closure"}
	step(0, "is closed from 2031-03-04 to 2031-03-05", append(closure, "add", "--ori", "CA030013J", "--name", "Flood", "2031-03-04", "2031-03-05", "--as", "jdoe")...)
	step(1, "not before the first", append(closure, "add", "--ori", "CA030013J", "--name", "Flood", "2031-03-04", "2031-03-03", "--as", "jdoe")...)
	step(1, "Only a court's", append(closure, "add", "--ori", "CA0349400", "--name", "Flood", "2031-03-04", "--as", "jdoe")...)
	step(0, `"day":"2031-03-05"`, append(closure, "list", "--ori", "CA030013J", "--json")...)
	step(0, "is open on 2031-03-05", append(closure, "remove", "--ori", "CA030013J", "2031-03-05", "--as", "jdoe")...)
	step(1, "not said to be closed", append(closure, "remove", "--ori", "CA030013J", "2031-03-05", "--as", "jdoe")...)

	step(0, "Wednesday 18:00 to 21:00, next", "window")
	step(0, "Saturday 23:00 to 24:00, next", "window", "add", "--weekly", "saturday", "--from", "23:00", "--until", "24:00", "--text", "At night.", "--as", "jdoe")
	step(0, "Tuesday 4 March 2031 22:00 to 5 March 2031 02:00 PST", "window", "add", "--on", "2031-03-04", "--from", "22:00", "--until", "02:00", "--text", "A new disk.", "--as", "jdoe")
	step(0, "over already", "window", "add", "--on", "2001-03-04", "--from", "20:00", "--until", "21:00", "--text", "A new disk.", "--as", "jdoe")
	step(1, "ends on the same day", "window", "add", "--weekly", "friday", "--from", "23:00", "--until", "02:00", "--text", "At night.", "--as", "jdoe")
	step(1, "either --weekly DAY or --on DATE", "window", "add", "--from", "23:00", "--until", "23:30", "--text", "At night.", "--as", "jdoe")
	step(1, "no day of the week", "window", "add", "--weekly", "someday", "--from", "22:00", "--until", "23:00", "--text", "At night.", "--as", "jdoe")
	step(0, `"when":"Saturday 23:00 to 24:00","weekly":true`, "window", "list", "--json")
	step(0, "is taken back", "window", "remove", "3", "--as", "jdoe")
	step(1, "there is no window 3", "window", "remove", "3", "--as", "jdoe")

	for object, want := range map[string]string{"agency CA030013J": "agency.closure", "window 3": "window.set"} {
		trail, err := s.AuditTrail(t.Context(), object, 1)
		if err != nil || len(trail) != 1 || trail[0].Action != want || trail[0].Actor != "person jdoe, command line" {
			t.Errorf("%s: %+v, %v", object, trail, err)
		}
	}
}
