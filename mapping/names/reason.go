package names

// Reason is why somebody was found, or what differs.
type Reason string

// The reasons of a name, what is surest first.
const (
	Exact       Reason = "exact"
	Initial     Reason = "initial"
	Nickname    Reason = "nickname"
	AsOneWord   Reason = "asOneWord"
	OneSurname  Reason = "oneSurname"
	Begins      Reason = "begins"
	Swapped     Reason = "lettersSwapped"
	SoundsAlike Reason = "soundsAlike"
	OneLetter   Reason = "oneLetter"
	TwoLetters  Reason = "twoLetters"
	Transposed  Reason = "transposed"
	GivenNames  Reason = "givenNames"
	WordLacking Reason = "wordLacking"
)

// reasons are those of a name, in that order: a set of them has a bit for each.
var reasons = []Reason{Exact, Initial, Nickname, AsOneWord, OneSurname, Begins, Swapped, SoundsAlike, OneLetter, TwoLetters, Transposed, GivenNames, WordLacking}

// The reasons beside a name.
const (
	Alias       Reason = "alias"
	Born        Reason = "born"
	BornSwapped Reason = "bornSwapped"
	BornNear    Reason = "bornNear"
	BornUnknown Reason = "bornUnknown"
	BornDiffers Reason = "bornDiffers"
	CaseNumber  Reason = "case"
	FCN         Reason = "fcn"
	OCA         Reason = "oca"
	Tracking    Reason = "tracking"
)

// words are the reasons for people.
var words = map[Reason]struct{ english, spanish string }{
	Exact:       {"the same name", "el mismo nombre"},
	Initial:     {"the initial fits", "coincide la inicial"},
	Nickname:    {"nickname", "apodo o diminutivo"},
	AsOneWord:   {"written as one word, or apart", "escrito junto o separado"},
	OneSurname:  {"one of two surnames", "uno de dos apellidos"},
	Begins:      {"begins so", "empieza así"},
	Swapped:     {"two letters swapped", "dos letras cambiadas de lugar"},
	SoundsAlike: {"sounds alike", "suena igual"},
	OneLetter:   {"one letter differs", "difiere una letra"},
	TwoLetters:  {"two letters differ", "difieren dos letras"},
	Transposed:  {"first and last name transposed", "nombre y apellido invertidos"},
	GivenNames:  {"given names only", "solo nombres de pila"},
	WordLacking: {"one word is not in the name", "falta una palabra en el nombre"},
	Alias:       {"alias", "alias"},
	Born:        {"date of birth", "fecha de nacimiento"},
	BornSwapped: {"day and month of birth swapped", "día y mes de nacimiento invertidos"},
	BornNear:    {"date of birth nearly the same", "fecha de nacimiento casi igual"},
	BornUnknown: {"the order has no date of birth", "la orden no tiene fecha de nacimiento"},
	BornDiffers: {"another date of birth", "otra fecha de nacimiento"},
	CaseNumber:  {"case number", "número de caso"},
	FCN:         {"CARPOS number", "número de CARPOS"},
	OCA:         {"agency case number (OCA)", "número de caso de la agencia (OCA)"},
	Tracking:    {"tracking number", "número de seguimiento"},
}

// English is the reason in words.
func (r Reason) English() string { return words[r].english }

// Spanish is the reason in words.
func (r Reason) Spanish() string { return words[r].spanish }

// Reasons are all of them.
func Reasons() []Reason {
	return append(append([]Reason(nil), reasons...), Alias, Born, BornSwapped, BornNear, BornUnknown, BornDiffers, CaseNumber, FCN, OCA, Tracking)
}
