package calendar

// Rules by which a deadline is set, as Deadline names them.
const ruleOneBusinessDay = "CARPOS-ONE-BUSINESS-DAY"

const citationOneBusinessDay = "Fam. Code 6380(a)"

// Explain says a deadline's rule in words, with its citation; a rule that is not known is given back as it is.
func Explain(rule string) string {
	if rule == ruleOneBusinessDay {
		return "the end of the first court day after the order was made (" + citationOneBusinessDay + ")"
	}
	return rule
}
