package mapping

import "ccpor/mapping/order"

func (r *reader) terms() (t order.Terms) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "NoHarmIndicator":
			t.NoHarm = r.yes()
		case "NoContactIndicator":
			t.NoContact = r.yes()
		case "NoThirdPartyContactIndicator":
			t.NoThirdPartyContact = r.yes()
		case "ChildExchangeExceptionIndicator":
			t.ChildExchange = r.yes()
		case "StayAway":
			t.StayAway = append(t.StayAway, r.stayAway())
		case "MoveOut":
			t.MoveOut = true
			t.MoveOf = r.moveOut()
		case "FirearmRestriction":
			f := r.firearms()
			t.Firearms = &f
		case "CustodyToProtectedIndicator":
			t.CustodyToProtected = r.yes()
		case "VisitationToRestrainedIndicator":
			t.VisitationToRestrained = r.yes()
		case "NoDissuasionIndicator":
			t.NoDissuasion = r.yes()
		case "MayRecordCommunicationIndicator":
			t.MayRecord = r.yes()
		case "ProtectionOrderBradyIndicator":
			t.Brady = r.yesAt()
		case "FinancialAbuseOnlyIndicator":
			t.FinancialAbuseOnly = r.yes()
		case "AnimalsText":
			t.Animals = r.text()
		case "PropertyText":
			t.Property = r.text()
		case "SupportText":
			t.Support = r.text()
		case "ProgramText":
			t.Programs = append(t.Programs, r.token())
		case "ElectronicMonitoringEndDate":
			t.MonitoredUntil = r.dateAt()
		default:
			r.unknown()
		}
	}
	return t
}

func (r *reader) stayAway() (s order.StayAway) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "StayAwayDistanceYards":
			s.Yards = r.number()
		case "StayAwayPlace":
			s.Places = append(s.Places, r.place())
		default:
			r.unknown()
		}
	}
	return s
}

func (r *reader) place() (p order.Place) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "PlaceCode":
			p.Kind = order.PlaceKind(r.token())
		case "PlaceText":
			p.Text = r.token()
		default:
			r.unknown()
		}
	}
	return p
}

func (r *reader) moveOut() (a *order.Address) {
	for d := r.Depth(); r.child(d); {
		if r.Name().Local != "MoveOutAddress" {
			r.unknown()
			continue
		}
		a = r.address()
	}
	return a
}

func (r *reader) firearms() (f order.Firearms) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "NoPossessionIndicator":
			f.NoPossession = r.yes()
		case "NoPurchaseIndicator":
			f.NoPurchase = r.yes()
		case "SurrenderIndicator":
			f.Surrender = r.yes()
		case "SurrenderWithinHours":
			f.WithinHours = r.number()
		case "NoBodyArmorIndicator":
			f.NoBodyArmor = r.yes()
		case "FirearmText":
			f.Named = append(f.Named, r.token())
		default:
			r.unknown()
		}
	}
	return f
}
