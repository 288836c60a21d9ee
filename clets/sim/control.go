package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Control is the HTTP handler of the control port. It speaks JSON, asks for no password and shows everything: bind it to the
// loopback interface.
//
//	GET  /             Status
//	GET  /records      records; ?oca= ?fcn= ?ccn= narrow
//	GET  /history      events without bodies; ?body=1 with; ?control= ?kind= narrow
//	GET  /check        Report
//	GET  /config       misbehaviours in force
//	PUT  /config       replaces them; what is not named is off
//	POST /down         {"seconds": 5}; 0 or nothing: until /up
//	POST /up
//	POST /unsolicited  {"mnemonic": "CCPR", "text": "ADMINISTRATIVE MESSAGE\r\n..."}
//	POST /reset        forgets records, history and violations
func (s *Switch) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Status()) })
	mux.HandleFunc("GET /records", s.showRecords)
	mux.HandleFunc("GET /history", s.showHistory)
	mux.HandleFunc("GET /check", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Check()) })
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Faults()) })
	mux.HandleFunc("PUT /config", s.putConfig)
	mux.HandleFunc("POST /down", s.postDown)
	mux.HandleFunc("POST /up", func(w http.ResponseWriter, _ *http.Request) { s.done(w, s.Up(), http.StatusInternalServerError) })
	mux.HandleFunc("POST /unsolicited", s.postUnsolicited)
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) { s.done(w, s.Reset(), http.StatusInternalServerError) })
	return http.NewCrossOriginProtection().Handler(mux)
}

// reply writes a value as JSON.
func reply(w http.ResponseWriter, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		refuse(w, err, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// The peer may have gone; there is nobody left to tell.
	_, _ = w.Write(append(b, '\n'))
}

func refuse(w http.ResponseWriter, err error, status int) {
	http.Error(w, err.Error(), status)
}

// done answers an order to the switch with its state afterwards.
func (s *Switch) done(w http.ResponseWriter, err error, status int) {
	if err != nil {
		refuse(w, err, status)
		return
	}
	reply(w, s.Status())
}

const maxControlBody = 64 << 10

// read takes exactly one JSON value with known fields only. No body is an empty value.
func read(w http.ResponseWriter, r *http.Request, v any) error {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	if err == nil && len(b) > 0 {
		err = decodeStrictly(b, v)
	}
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	return nil
}

func decodeStrictly(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}

func (s *Switch) showRecords(w http.ResponseWriter, r *http.Request) {
	want := r.URL.Query()
	is := func(name, value string) bool { return want.Get(name) == "" || want.Get(name) == value }
	out := slices.DeleteFunc(s.Records(), func(rec Record) bool {
		return !is("oca", rec.OCA) || !is("fcn", rec.FCN) || !is("ccn", rec.Value("CCN"))
	})
	reply(w, out)
}

// shownHistory is the answer to GET /history.
type shownHistory struct {
	Total  uint64  `json:"total"` // events since the start or the last reset, kept or not
	Events []Event `json:"events"`
}

func (s *Switch) showHistory(w http.ResponseWriter, r *http.Request) {
	want := r.URL.Query()
	is := func(name, value string) bool { return want.Get(name) == "" || want.Get(name) == value }
	events, total := s.History()
	events = slices.DeleteFunc(events, func(e Event) bool { return !is("control", e.Control) || !is("kind", e.Kind) })
	if want.Get("body") == "" {
		for i := range events {
			events[i].Body = ""
		}
	}
	reply(w, shownHistory{Total: total, Events: events})
}

func (s *Switch) putConfig(w http.ResponseWriter, r *http.Request) {
	var f Faults
	err := read(w, r, &f)
	if err == nil {
		err = s.SetFaults(f)
	}
	if err != nil {
		refuse(w, err, http.StatusBadRequest)
		return
	}
	reply(w, s.Faults())
}

func (s *Switch) postDown(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Seconds float64 `json:"seconds"`
	}
	err := read(w, r, &body)
	if err == nil && !(body.Seconds >= 0 && body.Seconds <= 86400) {
		err = errors.New("seconds is not within 0 to 86400")
	}
	if err != nil {
		refuse(w, err, http.StatusBadRequest)
		return
	}
	s.done(w, s.Down(time.Duration(body.Seconds*float64(time.Second))), http.StatusInternalServerError)
}

func (s *Switch) postUnsolicited(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Mnemonic string `json:"mnemonic"`
		Text     string `json:"text"`
	}
	err := read(w, r, &body)
	if err == nil {
		err = s.Unsolicited(body.Mnemonic, body.Text)
	}
	s.done(w, err, http.StatusBadRequest)
}

// faultsJSON is the shape of Faults on the control port: durations are written like 2s or 150ms.
type faultsJSON struct {
	LoseRequest  float64 `json:"loseRequest"`
	DropBefore   float64 `json:"dropBefore"`
	Busy         float64 `json:"busy"`
	CarposDown   float64 `json:"carposDown"`
	TryLater     float64 `json:"tryLater"`
	CarposError  float64 `json:"carposError"`
	DropAfter    float64 `json:"dropAfter"`
	LoseReply    float64 `json:"loseReply"`
	GarbageFrame float64 `json:"garbageFrame"`
	LoseACK      float64 `json:"loseAck"`
	Overtake     float64 `json:"overtake"`
	Garble       float64 `json:"garble"`
	Duplicate    float64 `json:"duplicate"`
	Late         float64 `json:"late"`
	Slow         float64 `json:"slow"`
	Reorder      float64 `json:"reorder"`
	LateBy       string  `json:"lateBy"`
	Stall        bool    `json:"stall"`
}

// MarshalJSON writes the shape of the control port.
func (f Faults) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultsJSON{
		f.LoseRequest, f.DropBefore, f.Busy, f.CarposDown, f.TryLater, f.CarposError, f.DropAfter, f.LoseReply,
		f.GarbageFrame, f.LoseACK, f.Overtake, f.Garble, f.Duplicate, f.Late, f.Slow, f.Reorder,
		f.lateBy().String(), f.Stall,
	})
}

// UnmarshalJSON reads the shape of the control port. What is not named is off.
func (f *Faults) UnmarshalJSON(b []byte) error {
	var in faultsJSON
	if err := decodeStrictly(b, &in); err != nil {
		return err
	}
	var late time.Duration
	if in.LateBy != "" {
		var err error
		if late, err = time.ParseDuration(in.LateBy); err != nil {
			return fmt.Errorf("lateBy: %w", err)
		}
	}
	*f = Faults{
		in.LoseRequest, in.DropBefore, in.Busy, in.CarposDown, in.TryLater, in.CarposError, in.DropAfter, in.LoseReply,
		in.GarbageFrame, in.LoseACK, in.Overtake, in.Garble, in.Duplicate, in.Late, in.Slow, in.Reorder,
		late, in.Stall,
	}
	return nil
}
