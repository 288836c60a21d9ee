package rules

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"ccpor/mapping/order"
)

const restrainedPath = orderPath + "/RestrainedPerson"

func protectedPath(i int) string { return nth(orderPath+"/ProtectedPerson", i) }

// restrainedIsProtected takes two people of one name for one person unless something tells them apart: a father and his son may be on one order.
func restrainedIsProtected(in *input) []place {
	var all []place
	r := in.o.Restrained
	for i, p := range in.o.Protected {
		if sameName(r.Name, p.Name) && !apart(r.Person, p.Person) {
			all = append(all, place{protectedPath(i) + "/PersonName",
				"The restrained person and this protected person have the same name, and nothing tells them apart.",
				"Correct the name. If they are two people, send what tells them apart: date of birth, age, sex or the name's suffix."})
		}
	}
	return all
}

// sameName compares all parts, without regard to case, accents and spaces.
func sameName(a, b order.Name) bool {
	return fold(a.Surname) == fold(b.Surname) && fold(a.Given) == fold(b.Given) && fold(a.Suffix) == fold(b.Suffix) && either(a.Middle, b.Middle)
}

// either says that two parts of a name agree, or that one is not given.
func either(a, b string) bool { return a == "" || b == "" || fold(a) == fold(b) }

// apart says that descriptions are of two people.
func apart(a, b order.Person) bool {
	switch {
	case a.Born != nil && b.Born != nil:
		return *a.Born != *b.Born
	case a.Age > 0 && b.Age > 0 && abs(a.Age-b.Age) > 2:
		return true
	}
	return (a.Sex == "M" || a.Sex == "F") && (b.Sex == "M" || b.Sex == "F") && a.Sex != b.Sex
}

// fold is a name's letters and digits in lower case without accents.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFD.String(s))
}

func abs(n int) int { return max(n, -n) }

func protectedMissing(in *input) []place {
	return one(in.formErr == nil && len(in.o.Protected) < in.form.ProtectedMin, orderPath+"/ProtectedPerson",
		fmt.Sprintf("The order names %d protected persons; form %s needs at least %d.", len(in.o.Protected), in.form.Number, in.form.ProtectedMin),
		"Send every protected person whom the form names.")
}

func bornAfterIssue(in *input) []place {
	var all []place
	const text, fix = "The date of birth is later than the order itself can be.", "Correct the date of birth. Two-digit years are often read into the wrong century."
	if b := in.o.Restrained.Born; b != nil && b.After(in.o.Issued) {
		all = append(all, place{restrainedPath + "/PersonBirthDate", text, fix})
	}
	for i, p := range in.o.Protected {
		if p.Born != nil && p.Born.After(in.today) {
			all = append(all, place{protectedPath(i) + "/PersonBirthDate", text, fix})
		}
	}
	return all
}

func ageAgainstBirth(in *input) []place {
	var all []place
	add := func(p order.Person, path string) {
		if p.Born == nil || p.Age == 0 || abs(p.Age-ageOn(*p.Born, in.o.Issued)) <= 1 {
			return
		}
		all = append(all, place{path + "/PersonAgeMeasure", "The age does not fit the date of birth on the day of issue.", "Check both. If in doubt leave the age out."})
	}
	add(in.o.Restrained.Person, restrainedPath)
	for i, p := range in.o.Protected {
		add(p.Person, protectedPath(i))
	}
	return all
}

// ageOn is the age in years on a day.
func ageOn(born, day order.Date) int {
	years := day.Year() - born.Year()
	if born.AddYears(years).After(day) {
		years--
	}
	return years
}

func presenceContradicted(in *input) []place {
	present := in.o.Restrained.Present
	return one(in.o.Service == order.ServicePresent && present != nil && !*present, orderPath+"/CourtOrderServiceCode",
		"The order counts as served because the restrained person was in court, and says that the person was not.",
		"Correct the state of service, or the box \"present in court\".")
}
