//go:build e2e

// Package e2e holds no code: its tests use the pages as people do, in a Chromium without a window, against a whole sandbox that runs as a process of its own (make e2e).
//
// A tab clicks, types and reads by what a person sees; axe-core judges each page by WCAG 2.2 AA, in the light and in the dark; pictures of every page are in .build/screens.
// It knows nothing of what the pages are made of, and refuses a page that runs a script, asks another host for anything or is wider than a telephone.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// build is the folder of what is made and not kept.
const build = "../../.build"

// patience is how long a step of a person may take on a loaded machine.
const patience = 90 * time.Second

var chromium = sync.OnceValues(func() (context.Context, error) {
	dir, err := os.MkdirTemp("", "ccpor-chromium-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.DisableGPU, chromedp.UserDataDir(dir), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("no-sandbox", true), chromedp.IgnoreCertErrors)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	atEnd(func() { _ = chromedp.Cancel(ctx); cancel(); _ = os.RemoveAll(dir) })
	return ctx, chromedp.Do(ctx)
})

// ending is what is to be done when all tests are over.
var ending struct {
	sync.Mutex
	steps []func()
}

func atEnd(f func()) {
	ending.Lock()
	defer ending.Unlock()
	ending.steps = append(ending.steps, f)
}

func TestMain(m *testing.M) {
	status := m.Run()
	for _, f := range ending.steps {
		f()
	}
	os.Exit(status)
}

// tab is one browser of one person, with its own cookies.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string // the site, without a slash at its end
}

// newTab opens a browser without cookies at a site. What its pages load from elsewhere, or run, fails the test; others are the sites to which a walk leads on, and nothing but that.
func newTab(t *testing.T, base string, others ...string) *tab {
	t.Helper()
	parent, err := chromium()
	if err != nil {
		t.Fatalf("Chromium: %v", err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, base: strings.TrimSuffix(base, "/")}
	b.do("starting", chromedp.EmulateViewport(1280, 900))
	requests := func(ev any) {
		e, ok := ev.(*network.EventRequestWillBeSent)
		if !ok || strings.HasPrefix(e.Request.URL, b.base+"/") || strings.HasPrefix(e.Request.URL, "data:") {
			return
		}
		led := e.Type == network.ResourceTypeDocument && slices.ContainsFunc(others, func(site string) bool { return strings.HasPrefix(e.Request.URL, site+"/") })
		if !led {
			t.Errorf("the page asked elsewhere: %s", e.Request.URL)
		}
	}
	if err := chromedp.Listen(ctx, requests); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// do does steps within patience.
func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if len(steps) > 0 && b.ctx == nil {
		b.t.Fatal("no browser")
	}
	if err := chromedp.Do(b.ctx); err != nil { // starts the tab with a context that lives on
		b.t.Fatalf("%s: %v", what, err)
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v\nat %s, which says:\n%s", what, err, b.address(), b.says())
	}
}

// open goes to an address of the site, and fails where it does not answer 200.
func (b *tab) open(path string) { b.t.Helper(); b.expect(path, 200) }

// expect goes to an address of the site that has to answer with a status.
func (b *tab) expect(path string, status int64) {
	b.t.Helper()
	b.load("opening "+path, status, chromedp.Navigate(b.base+path))
}

// load does steps that lead to another page, and waits for it.
func (b *tab) load(what string, status int64, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatalf("%s: %v\nat %s, which says:\n%s", what, err, b.address(), b.says())
	}
	if response.Status != status {
		b.t.Fatalf("%s: %d of %s, which says:\n%s", what, response.Status, response.URL, b.says())
	}
}

// link follows the link that is called so.
func (b *tab) link(name string) {
	b.t.Helper()
	b.load("following "+name, 200, chromedp.Click(named("a", name)))
}

// press presses the button that is called so, and waits for the page that it leads to.
func (b *tab) press(name string) {
	b.t.Helper()
	b.load("pressing "+name, 200, chromedp.Click(named("button", name)))
}

// named finds what is seen under a name.
func named(element, name string) chromedp.Search {
	return chromedp.Search(fmt.Sprintf(`(//%s[not(ancestor::nav[@class="menu"]) and contains(normalize-space(.), %q)])[1]`, element, name))
}

// fill types into the field of a name, as it stands in the form.
func (b *tab) fill(field, text string) {
	b.t.Helper()
	b.do("filling in "+field, chromedp.Clear(byName(field)), chromedp.SendKeys(byName(field), text))
}

// pick takes one of the choices of a field.
func (b *tab) pick(field, value string) {
	b.t.Helper()
	b.do("choosing "+field, chromedp.SetValue(byName(field), value))
}

func byName(field string) chromedp.CSS {
	return chromedp.CSS(fmt.Sprintf(`main [name=%q]:not([type=hidden])`, field))
}

// address is where the tab is, without the site.
func (b *tab) address() string {
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(at, b.base)
}

// says is what a person reads on the page.
func (b *tab) says() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(document.querySelector("main") || document.body).innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// reads fails where the page does not say something.
func (b *tab) reads(wanted ...string) {
	b.t.Helper()
	text := b.says()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			b.t.Fatalf("%s does not say %q:\n%s", b.address(), w, text)
		}
	}
}

// evaluate runs an expression in the page: for what only a judge looks at, never in place of what a person would do.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluating at %s: %v", b.address(), err)
	}
	return v
}

// look is how a page is shown.
type look struct {
	name          string
	media, theme  string
	width, height int64
	mobile        bool
}

var looks = []look{
	{"light", "screen", "light", 1280, 900, false},
	{"dark", "screen", "dark", 1280, 900, false},
	{"telephone", "screen", "dark", 390, 844, true},
	{"print", "print", "light", 794, 1123, false},
}

// as shows the page in a look.
func (b *tab) as(l look) {
	b.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: l.media, Features: features}); err != nil {
		b.t.Fatal(err)
	}
	size := emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: 1, Mobile: l.mobile}
	if _, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, size); err != nil {
		b.t.Fatal(err)
	}
}

// judge holds the page to everything that every page has to keep, and takes its pictures under a name.
func (b *tab) judge(name string) {
	b.t.Helper()
	for _, l := range looks {
		b.as(l)
		if l.media == "screen" {
			b.axe(name + ", " + l.name)
		}
		b.picture(name + "-" + l.name)
		if l.media == "print" {
			b.paper(name)
		}
	}
	b.narrow(name)
	b.as(looks[0])
}

// narrow fails where a page is wider than the smallest telephone.
func (b *tab) narrow(name string) {
	b.t.Helper()
	b.as(look{"narrow", "screen", "light", 320, 640, true})
	if wide := evaluate[string](b, `(() => { const w = document.documentElement.clientWidth; if (document.documentElement.scrollWidth <= w) return ""; return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > w + 1 && !e.closest(".scroll")).slice(0, 3).map(e => e.outerHTML.slice(0, 200)).join("\n") || "something" })()`); wide != "" {
		b.t.Errorf("%s is wider than 320 pixels, by\n%s", name, wide)
	}
}

func (b *tab) picture(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatalf("picture of %s: %v", name, err)
	}
	b.keep(name+".png", png)
}

// portrait keeps the first screen of the page under a name in the folder CCPOR_PICTURES, where that is set: the pictures of the documents (make pictures).
func (b *tab) portrait(name string) {
	b.t.Helper()
	folder := os.Getenv("CCPOR_PICTURES")
	if folder == "" {
		return
	}
	b.as(look{"portrait", "screen", "light", 1280, 1000, false})
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatalf("picture for %s: %v", name, err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		b.t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, inFewColours(picture)); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), small.Bytes(), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.as(looks[0])
}

// inFewColours is a picture in its 256 most frequent colours, which is a third of its size: a page has few, and shades of them at the edges of letters.
func inFewColours(m image.Image) image.Image {
	often := map[color.Color]int{}
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			often[m.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(often), func(x, y color.Color) int { return often[y] - often[x] })
	few := image.NewPaletted(b, colours[:min(256, len(colours))])
	draw.Draw(few, b, m, b.Min, draw.Src)
	return few
}

// paper prints the page as a browser does.
func (b *tab) paper(name string) {
	b.t.Helper()
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF())
	if err != nil {
		b.t.Fatalf("printing %s: %v", name, err)
	}
	b.keep(name+".pdf", pdf)
}

func (b *tab) keep(name string, content []byte) {
	b.t.Helper()
	screens := filepath.Join(build, "screens")
	if err := os.MkdirAll(screens, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(screens, name), content, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

var axeSource = sync.OnceValues(func() (string, error) {
	raw, err := os.ReadFile(filepath.Join(build, "e2e", "node_modules", "axe-core", "axe.min.js"))
	return string(raw), err
})

// violation is what axe-core finds.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// axe fails with what axe-core has against the page: the rules of WCAG 2.2 A and AA, and those of good practice.
func (b *tab) axe(name string) {
	b.t.Helper()
	source, err := axeSource()
	if err != nil {
		b.t.Fatalf("axe-core: %v (make e2e fetches it)", err)
	}
	if !evaluate[bool](b, `typeof axe === "object"`) {
		_ = evaluate[bool](b, source+";true")
	}
	found := evaluate[string](b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`)
	var violations []violation
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		for _, n := range v.Nodes {
			b.t.Errorf("%s: %s (%s): %s\n  %s\n  %s", name, v.ID, v.Impact, v.Help, n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n  "))
		}
	}
}

// tabTo presses Tab until what is called so has the focus, and fails where it is not reached, or where what has the focus on the way cannot be seen to have it.
func (b *tab) tabTo(name string) {
	b.t.Helper()
	var way []string
	for range 120 {
		b.do("pressing Tab", chromedp.KeyEvent("\t"))
		at := evaluate[[]string](b, `(() => { const e = document.activeElement, s = getComputedStyle(e), l = e.labels && e.labels[0]; const name = (e.getAttribute("aria-label") || (l && l.innerText) || e.innerText || e.value || "").trim(); return [e.tagName, name, s.outlineStyle, String(e.getClientRects().length)] })()`)
		way = append(way, at[0]+" "+at[1])
		if at[0] == "BODY" {
			continue
		}
		if at[2] == "none" || at[3] == "0" {
			b.t.Fatalf("nobody sees that %s %q has the focus", at[0], at[1])
		}
		if strings.Contains(at[1], name) {
			return
		}
	}
	b.t.Fatalf("the keyboard alone does not reach %q at %s:\n%s", name, b.address(), strings.Join(way, "\n"))
}

// enter types where the focus is and goes on as a keyboard does.
func (b *tab) enter(text string) {
	b.t.Helper()
	b.load("pressing Enter", 200, chromedp.KeyEvent(text+"\r"))
}

// program is one that make has built.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(build, name))
	if err == nil {
		_, err = exec.LookPath(path)
	}
	if err != nil {
		t.Fatalf("%v (make e2e builds it)", err)
	}
	return path
}

// force shows the page in few colours, as a person may have set it for the whole machine.
func (b *tab) force() {
	b.t.Helper()
	features := []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-color-scheme", Value: "dark"}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "screen", Features: features}); err != nil {
		b.t.Fatal(err)
	}
}
