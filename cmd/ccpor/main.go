// Command ccpor is the protective-order exchange: it takes signed order packages from courts, keeps them, and relays them to
// CARPOS. Each subcommand is a small file of this package and does wiring only; what a subcommand decides is decided in a
// package of its own. The simulated switch is a program of its own (carpos-sim) and is never linked in here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // courts' time, on machines without the zone files too

	"github.com/alecthomas/kong"

	"ccpor/picture/cell"
)

type commands struct {
	JSON bool `help:"Print results as JSON, one value a line." env:"CCPOR_JSON"`

	Serve        serveCommand        `cmd:"" help:"Run the exchange: the SOAP service, the relay to CARPOS and the pages."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the database to the version of this program."`
	Keys         keysCommand         `cmd:"" help:"Make, list, check and rotate the keys of what is encrypted in the database."`
	Agency       agencyCommand       `cmd:"" help:"Register agencies and their certificates."`
	Window       windowCommand       `cmd:"" help:"Announce when the exchange may be away: list, add, remove maintenance windows."`
	Person       peopleCommand       `cmd:"" help:"Give people of agencies access to the pages, and end it."`
	Board        boardCommand        `cmd:"" help:"Say how the exchange stands: what is wrong, worst first, and the figures of the operator's board. Status 1 where something is wrong."`
	Certificates certificatesCommand `cmd:"" help:"List all agencies' certificates and how they stand; tell of those that come to their end."`
	Refusals     refusalsCommand     `cmd:"" help:"Count what was refused, by sender, stage and code, and list the last of it."`
	Messages     messagesCommand     `cmd:"" help:"List, read and handle what the switch sends without being asked, and replies to nobody."`
	Violation    violationCommand    `cmd:"" help:"Report a violation of an order to CARPOS on behalf of a law-enforcement agency."`
	Alarms       alarmsCommand       `cmd:"" help:"List what is wrong and lasts: deadlines, lines, refusals, what waits for a person; and acknowledge it."`
	Deadlines    deadlinesCommand    `cmd:"" help:"List orders that come near their deadline in CARPOS or are past it, and whose move it is."`
	Lines        linesCommand        `cmd:"" help:"List the lines to the switch and how they stand."`
	Switch       switchCommand       `cmd:"" help:"Say or set to which kind of switch the database belongs."`
	Export       exportCommand       `cmd:"" help:"Export what is open to the public."`
	Queue        queueCommand        `cmd:"" help:"Work on what is owed to CARPOS: list, show, hold, release, retry, give up, correct."`
	Submit       submitCommand       `cmd:"" help:"Submit packages as a court would; sign them if a key is given."`
	Validate     validateCommand     `cmd:"" help:"Have packages tried: what SubmitOrder would say, and what CARPOS would get. Nothing happens."`
	List         listCommand         `cmd:"" help:"List the agency's own submissions, from a cursor on."`
	Search       searchCommand       `cmd:"" help:"Search orders of all courts, as far as the person who asks may see them."`
	Order        orderCommand        `cmd:"" help:"Read one order and what became of it."`
	Inquire      inquireCommand      `cmd:"" help:"Ask CARPOS by number, case or name, and read the hits beside the registry."`
	Image        imageCommand        `cmd:"" help:"Fetch an image of an order into a file."`
	Picture      pictureCommand      `cmd:"" help:"Say what the image of a form is beyond its pages, and draw one of them, in a process that can do nothing else."`
	Policy       policyCommand       `cmd:"" help:"Tell what the hub takes: forms, limits, algorithms, maintenance, codes."`
	Ping         pingCommand         `cmd:"" help:"Ask whether the hub answers, and who it takes the caller for."`
	Verify       verifyCommand       `cmd:"" help:"Verify a receipt that the hub has signed, offline, and say what it proves."`
	Evidence     evidenceCommand     `cmd:"" help:"Write one file with everything about a submission, which anybody can check years later."`
	Audit        auditCommand        `cmd:"" help:"Verify the audit log and what it vouches for."`
	Listen       listenCommand       `cmd:"" help:"Hear what the hub tells, as a court's listener would; for trying out."`
	Status       statusCommand       `cmd:"" help:"Tell where a submission stands, what is wrong, and whose move it is."`
	Describe     describeTextCommand `cmd:"" help:"Say in plain words what a text of the line to CARPOS says, what the relay makes of it and what is wrong with it."`
	Replay       replayCommand       `cmd:"" help:"Send packages again to a test region, and tell what became of them that is not as it was."`
	Sandbox      sandboxCommand      `cmd:"" help:"Run a whole exchange on this machine, with a private database, a simulated switch and sample orders."`
	Health       healthCommand       `cmd:"" help:"Ask a hub of this machine whether it is ready: status 0 if it is. For probes."`
	Config       configCommand       `cmd:"" help:"Describe or check the configuration."`
	Version      versionCommand      `cmd:"" help:"Print the version of this program and of what it stands on."`
}

// terminal is where a subcommand reads and writes: passed in, so that a test can look.
type terminal struct {
	out, err io.Writer
	json     bool
	zone     *time.Location // the courts': in it every time is told
}

func (t *terminal) moment(at time.Time) string {
	return at.In(t.zone).Format("2006-01-02 15:04:05 MST")
}

// exitStatus is an error that has been told to the user already, or needs no telling.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() {
	if len(os.Args) > 1 && os.Args[1] == cell.Word { // a process in which an image is opened: before anything else is done
		os.Exit(cell.Main(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("ccpor"), kong.UsageOnError(), kong.Writers(out, errOut),
		kong.Description("The protective-order exchange: signed orders in, CARPOS transactions out."),
		kong.Configuration(kong.JSON, configFiles()...),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(errOut, "ccpor:", err)
		return 2
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errOut, "ccpor:", err)
		return 2
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err == nil {
		err = k.Run(&terminal{out: out, err: errOut, json: c.JSON, zone: zone}, parser)
	}
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	default:
		fmt.Fprintln(errOut, "ccpor:", inWords(err))
		return 1
	}
}

// configFiles are the files that settings are read from, where the environment and the flags do not say.
func configFiles() []string {
	if file := os.Getenv("CCPOR_CONFIG"); file != "" {
		return []string{file}
	}
	return []string{"/etc/ccpor.json"}
}
