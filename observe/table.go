package observe

import "slices"

// Kind is a kind of metric, in Prometheus's words.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Source is where a metric comes from.
type Source string

// The sources.
const (
	OfProcess  Source = "process"  // this hub's own, since it started
	OfDatabase Source = "database" // of all hubs together: every hub tells the same
)

// Row is one metric. Its unit ends its name, as is the custom: seconds, bytes, total.
type Row struct {
	Name   string
	Kind   Kind
	Source Source
	Labels []string
	Help   string
	// Buckets are the upper bounds of a histogram's, in its unit.
	Buckets []float64
	// NotShown says why the dashboard does not show it; empty: it does.
	NotShown string
}

var (
	// requestTimes go from what a cached answer takes to what nobody waits for; replyTimes to the switch's longest; lives to the legal day and beyond.
	requestTimes = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	stageTimes   = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .5, 2.5, 10}
	replyTimes   = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
	lives        = []float64{.05, .1, .25, .5, 1, 2, 5, 15, 60, 300, 900, 3600, 4 * 3600, 8 * 3600, 24 * 3600, 72 * 3600}
)

// Table is every metric of ours. The runtime's own (go_*, process_*) are client_golang's and not listed.
func Table() []Row {
	return slices.Concat(intakeRows, relayRows, callbackRows, processRows, databaseRows)
}

var intakeRows = []Row{
	{Name: "ccpor_requests_total", Kind: Counter, Source: OfProcess, Labels: []string{"operation", "action", "outcome", "code"},
		Help: "Requests by operation, action of the package, outcome (accepted, refused, failed) and the first two parts of the fault code. Failed is what the hub could not take for its own reasons."},
	{Name: "ccpor_request_seconds", Kind: Histogram, Source: OfProcess, Labels: []string{"operation"}, Buckets: requestTimes,
		Help: "Time from a request's header to the end of its answer."},
	{Name: "ccpor_stage_seconds", Kind: Histogram, Source: OfProcess, Labels: []string{"stage"}, Buckets: stageTimes,
		Help: "Time that a stage of the intake took."},
	{Name: "ccpor_received_bytes_total", Kind: Counter, Source: OfProcess,
		Help: "Bytes of requests' bodies, as they came."},
	{Name: "ccpor_in_hand_bytes", Kind: Gauge, Source: OfProcess,
		Help: "Bytes of messages in hand now."},
	{Name: "ccpor_in_hand_limit_bytes", Kind: Gauge, Source: OfProcess,
		Help: "Bytes of messages that may be in hand (CCPOR_MAX_IN_FLIGHT); beyond it senders are asked to come again."},
	{Name: "ccpor_receipts_total", Kind: Counter, Source: OfProcess, Labels: []string{"again"},
		Help: "Receipts given; again is true for a package that had one before."},
	{Name: "ccpor_agency_packages_total", Kind: Counter, Source: OfProcess, Labels: []string{"agency", "outcome"},
		Help: "SubmitOrder by registered agency (ORI) and outcome. As many series as the registry has agencies that send, times three; who is not registered is not here."},
}

var relayRows = []Row{
	{Name: "ccpor_attempts_total", Kind: Counter, Source: OfProcess, Labels: []string{"kind", "purpose", "verdict"},
		Help: "Attempts that ended, by transaction (ERR, MRR, XRR, SRR), purpose (send, lookup) and verdict."},
	{Name: "ccpor_attempt_seconds", Kind: Histogram, Source: OfProcess, Labels: []string{"purpose"}, Buckets: replyTimes,
		Help: "Time from an attempt's beginning to its settled answer, of those that were answered."},
	{Name: "ccpor_ack_seconds", Kind: Histogram, Source: OfProcess, Labels: []string{"line"}, Buckets: replyTimes,
		Help: "Time until the switch had taken a request."},
	{Name: "ccpor_rejects_total", Kind: Counter, Source: OfProcess, Labels: []string{"by", "code"},
		Help: "Refusals of requests by number: by is carpos (REJECT) or switch (NAK)."},
	{Name: "ccpor_unanswered_total", Kind: Counter, Source: OfProcess, Labels: []string{"why"},
		Help: "Attempts without answer: noAnswer in time, lineClosed before it, notSent at all."},
	{Name: "ccpor_acceptance_seconds", Kind: Histogram, Source: OfProcess, Labels: []string{"kind"}, Buckets: lives,
		Help: "Time from the receipt of a package to CARPOS's acceptance of what it brought."},
	{Name: "ccpor_line_up", Kind: Gauge, Source: OfProcess, Labels: []string{"line"},
		Help: "1 while this hub has the line and is logged on. Of several hubs that share lines one has it."},
	{Name: "ccpor_line_window", Kind: Gauge, Source: OfProcess, Labels: []string{"line"},
		Help: "Requests that may be unanswered on the line."},
	{Name: "ccpor_line_under_way", Kind: Gauge, Source: OfProcess, Labels: []string{"line"},
		Help: "Requests that are unanswered on the line now."},
	{Name: "ccpor_line_changes_total", Kind: Counter, Source: OfProcess, Labels: []string{"line", "to"},
		Help: "How often the line came up, and how often it went down or could not be brought up (redials). Another hub's lease counts as down."},
}

var callbackRows = []Row{
	{Name: "ccpor_notices_total", Kind: Counter, Source: OfProcess, Labels: []string{"code"},
		Help: "Deliveries of notices to courts' listeners by what became of them: confirmed, or the code of the failure; statuses of HTTP count as one."},
	{Name: "ccpor_notice_seconds", Kind: Histogram, Source: OfProcess, Buckets: lives,
		Help: "Time from a move to the court's confirmation that it was told."},
}

var processRows = []Row{
	{Name: "ccpor_build_info", Kind: Gauge, Source: OfProcess, Labels: []string{"version", "go"},
		Help: "1, with the program's version and Go's."},
	{Name: "ccpor_own_certificate_end_timestamp_seconds", Kind: Gauge, Source: OfProcess, Labels: []string{"use"},
		Help: "When the hub's own certificates end: service, seal, callback, switch."},
	{Name: "ccpor_watch_looks_total", Kind: Counter, Source: OfProcess, Labels: []string{"outcome"},
		Help: "Looks at refusals and certificates, whole or failed. None at all means that nobody watches."},
	{Name: "ccpor_ledger_stalled", Kind: Gauge, Source: OfProcess,
		Help: "1 while the hub takes no orders since the audit log cannot be made evident (CCPOR_LEDGER_LIMIT)."},
}

var databaseRows = []Row{
	{Name: "ccpor_database_up", Kind: Gauge, Source: OfProcess,
		Help: "1 if the database answers; its figures are absent while it is 0."},
	{Name: "ccpor_database_figures_seconds", Kind: Gauge, Source: OfProcess,
		Help: "Time that the database took for its figures, when they were last counted. They are counted every ten seconds at most, and less often where they take more than one."},
	{Name: "ccpor_transmissions", Kind: Gauge, Source: OfDatabase, Labels: []string{"kind", "state"},
		Help: "Transmissions that are not settled."},
	{Name: "ccpor_transmission_state_age_seconds", Kind: Gauge, Source: OfDatabase, Labels: []string{"state"},
		Help: "For how long the one that is longest in the state has been there."},
	{Name: "ccpor_transmission_age_seconds", Kind: Gauge, Source: OfDatabase, Labels: []string{"state"},
		Help: "How long ago the oldest package came whose transmission is in the state."},
	{Name: "ccpor_next_deadline_timestamp_seconds", Kind: Gauge, Source: OfDatabase,
		Help: "The earliest deadline of what is not settled, tests apart; absent where there is none."},
	{Name: "ccpor_transmissions_at_risk", Kind: Gauge, Source: OfDatabase, Labels: []string{"state"},
		Help: "Transmissions, tests apart, that are not past their deadline and have used the first share of CCPOR_DEADLINE_WARN of the time to it."},
	{Name: "ccpor_transmissions_late", Kind: Gauge, Source: OfDatabase, Labels: []string{"state"},
		Help: "Transmissions, tests apart, that are past their deadline and not settled."},
	{Name: "ccpor_held", Kind: Gauge, Source: OfDatabase, Labels: []string{"field"},
		Help: "Transmissions that wait for a person, by the CARPOS field that they are about; none where they are about none. As many series as the dictionary has fields."},
	{Name: "ccpor_unhandled_messages", Kind: Gauge, Source: OfDatabase,
		Help: "Messages of the switch that nobody has dealt with."},
	{Name: "ccpor_unhandled_message_age_seconds", Kind: Gauge, Source: OfDatabase,
		Help: "How long ago the oldest of them came; 0 where there is none."},
	{Name: "ccpor_alarms", Kind: Gauge, Source: OfDatabase, Labels: []string{"state"},
		Help: "Alarms that are not cleared: open or acknowledged."},
	{Name: "ccpor_tasks", Kind: Gauge, Source: OfDatabase, Labels: []string{"kind"},
		Help: "What courts still have to send."},
	{Name: "ccpor_certificates_ending", Kind: Gauge, Source: OfDatabase, Labels: []string{"use", "days"},
		Help: "Agencies' certificates in force that end within 60, 30 or 7 days; each counts in all that it is within."},
	{Name: "ccpor_ledger_lag_seconds", Kind: Gauge, Source: OfDatabase,
		Help: "How long ago the ledger last held everything that was due."},
	{Name: "ccpor_jobs", Kind: Gauge, Source: OfDatabase, Labels: []string{"kind", "state"},
		Help: "Jobs of the queue that are not over, and those that it gave up (discarded)."},
	{Name: "ccpor_notices_pending", Kind: Gauge, Source: OfDatabase,
		Help: "Notices that courts' listeners have not confirmed."},
	{Name: "ccpor_notice_age_seconds", Kind: Gauge, Source: OfDatabase,
		Help: "How long ago the oldest of them was written; 0 where there is none."},
	{Name: "ccpor_listener_failing_seconds", Kind: Gauge, Source: OfDatabase, Labels: []string{"agency"},
		Help: "For how long the listener of an agency (ORI) has failed; only those that do. At most as many series as there are listeners."},
	{Name: "ccpor_line_leased", Kind: Gauge, Source: OfDatabase, Labels: []string{"line"},
		Help: "1 while the line belongs to a hub, whichever."},
}
