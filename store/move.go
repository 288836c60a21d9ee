package store

// moves says for each state of a transmission whose move it is and what happens next. docs/states.md shows the same table.
var moves = map[TransmissionState]Move{
	StateWaiting:  {PartyHub, "It waits for the earlier transactions of its order; the hub sends it when CARPOS has those."},
	StateReady:    {PartyHub, "The hub sends it to CARPOS."},
	StateSending:  {PartyHub, "The hub is sending it to CARPOS."},
	StateSent:     {PartyCarpos, "CARPOS has been asked and has not answered yet; without an answer in time the hub looks it up."},
	StateAccepted: {PartyNobody, "CARPOS has it. Nothing remains to be done."},
	StateHeld:     {PartyPerson, "A person of the hub corrects and releases it, or gives it up with a reason."},
	StateUnknown:  {PartyHub, "CARPOS's answer was lost; the hub looks it up before anything is sent again."},
	StateGivenUp:  {PartyNobody, "It was given up, for the reason shown. CARPOS does not get it from the hub."},
}

// retried is the move of a transmission that has been sent before and is ready again.
var retried = Move{PartyHub, "CARPOS could not take it yet; the hub tries again."}

// refused is the move after a refusal.
var refused = Move{PartyCourt, "The court corrects what is listed and sends a new package."}

// notOwed says what happens with packages for which CARPOS is owed nothing.
var notOwed = map[NotOwed]Move{
	NotOwedAgency:  {PartyCourt, "The registry has it. The agency enters its orders into CARPOS itself."},
	NotOwedTest:    {PartyNobody, "It is a test. It never goes to CARPOS."},
	NotOwedOrder:   {PartyNobody, "The registry has it. The order that it is about does not go to CARPOS through the hub."},
	NotOwedGivenUp: {PartyNobody, "The registry has it. The entry of its order into CARPOS was given up, so that nothing can follow it there."},
	NotOwedImage:   {PartyNobody, "The registry has it. An image alone is not sent to CARPOS."},
}

// nextMove is the next move of a submission whose transmission, if it has one, is in the given state.
func nextMove(s SubmissionState, n NotOwed, t TransmissionState, tries int) Move {
	switch {
	case s == SubmissionRefused:
		return refused
	case n != "" && (t == "" || t == StateGivenUp):
		return notOwed[n]
	case t == StateReady && tries > 0:
		return retried
	}
	return moves[t]
}

func (s *Status) next() Move {
	if len(s.Transmissions) == 0 {
		return s.entered(nextMove(s.State, s.NotOwed, "", 0))
	}
	t := s.Transmissions[len(s.Transmissions)-1]
	return nextMove(s.State, s.NotOwed, t.State, t.Tries)
}

// entered names whoever enters the agency's orders, where that is another.
func (s *Status) entered(m Move) Move {
	if s.NotOwed == NotOwedAgency && s.Agency.EnteredBy != "" {
		m.Sentence = "The registry has it. " + string(s.Agency.EnteredBy) + " enters the agency's orders into CARPOS."
	}
	return m
}
