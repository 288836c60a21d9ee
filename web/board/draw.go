package board

import (
	"bytes"
	"math"
	"strings"

	"github.com/go-analyze/charts"
)

// The size of a picture, in its own units.
const (
	width  = 640
	height = 260
)

// paint names a colour of the picture: the library is given one that stands for it, which the picture then names by what it is for. So it follows light and dark, and paper.
type paint struct {
	stands charts.Color
	name   string
	day    string
	night  string
	dash   string // tells curves apart where colours do not
}

// paints are axis, grid and words, and then the curves. Day's have 4.5:1 and more on white, night's on the pages' dark paper; the grid is decoration.
var paints = []paint{
	{stands: charts.Color{R: 1, G: 0, B: 1, A: 255}, name: "axis", day: "#71767a", night: "#a3aab2"},
	{stands: charts.Color{R: 1, G: 0, B: 2, A: 255}, name: "grid", day: "#dfe1e2", night: "#3a4048"},
	{stands: charts.Color{R: 1, G: 0, B: 3, A: 255}, name: "words", day: "#1b1b1b", night: "#eceef0"},
	{stands: charts.Color{R: 2, G: 0, B: 1, A: 255}, name: "first", day: "#005ea2", night: "#7cb8f2"},
	{stands: charts.Color{R: 2, G: 0, B: 2, A: 255}, name: "second", day: "#b50909", night: "#ff9c94", dash: "9 4"},
	{stands: charts.Color{R: 2, G: 0, B: 3, A: 255}, name: "third", day: "#775540", night: "#f3c36b", dash: "2 4"},
	{stands: charts.Color{R: 2, G: 0, B: 4, A: 255}, name: "fourth", day: "#54278f", night: "#c9adf0", dash: "12 4 2 4"},
}

// theme has the colours that stand for ours.
func theme() charts.ColorPalette {
	o := charts.ThemeOption{AxisStrokeColor: paints[0].stands, AxisSplitLineColor: paints[1].stands, TextColor: paints[2].stands, BackgroundColor: charts.ColorTransparent}
	for _, p := range paints[3:] {
		o.SeriesColors = append(o.SeriesColors, p.stands)
	}
	return charts.MakeTheme(o)
}

// draw makes the picture: SVG without a script, whose only styles are its own.
func (s series) draw() ([]byte, error) {
	values := make([][]float64, len(s.values))
	highest := 0.0
	for i, of := range s.values {
		values[i] = make([]float64, len(of))
		for k, v := range of {
			if values[i][k] = v; math.IsNaN(v) {
				values[i][k] = charts.GetNullValue()
			} else {
				highest = max(highest, v)
			}
		}
	}
	o := charts.NewLineChartOptionWithData(values)
	o.Theme, o.Symbol = theme(), charts.Symbol{Shape: charts.SymbolNone}
	o.LineStrokeWidth = 2
	for _, u := range s.curves {
		o.Legend.SeriesNames = append(o.Legend.SeriesNames, strings.TrimSpace(u.name+" "+s.inUnit()))
	}
	for i := range values[0] {
		o.XAxis.Labels = append(o.XAxis.Labels, s.moment(i))
	}
	o.XAxis.LabelCount = 7
	if strings.Contains(s.layout, " ") {
		o.XAxis.LabelCount = 5
	}
	zero, top := 0.0, ceiling(highest, s.whole)
	o.YAxis[0].Min, o.YAxis[0].Max, o.YAxis[0].LabelCount = &zero, &top, 5
	o.YAxis[0].ValueFormatter = s.number
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: width, Height: height, Theme: o.Theme})
	if err := p.LineChart(o); err != nil {
		return nil, err
	}
	picture, err := p.Bytes()
	if err != nil {
		return nil, err
	}
	return dress(picture), nil
}

// ceiling is the top of the axis: four equal parts of it are round numbers.
func ceiling(highest float64, whole bool) float64 {
	if highest == 0 || whole && highest < 4 {
		return 4
	}
	unit := math.Pow(10, math.Floor(math.Log10(highest)))
	for _, m := range []float64{1, 1.2, 2, 4, 6, 8, 10} {
		if top := m * unit; highest <= top && (!whole || math.Mod(top, 4) == 0) {
			return top
		}
	}
	return 12 * unit
}

// dress gives the picture its colours by day and by night.
func dress(picture []byte) []byte {
	var day, night strings.Builder
	for _, p := range paints {
		stands := p.stands.String()
		dashed := "stroke:var(--" + p.name + ")"
		if p.dash != "" {
			dashed += ";stroke-dasharray:" + p.dash
		}
		picture = bytes.ReplaceAll(picture, []byte("stroke:"+stands), []byte(dashed))
		picture = bytes.ReplaceAll(picture, []byte(stands), []byte("var(--"+p.name+")"))
		day.WriteString("--" + p.name + ":" + p.day + ";")
		night.WriteString("--" + p.name + ":" + p.night + ";")
	}
	style := "<style>:root{" + day.String() + "}@media screen and (prefers-color-scheme:dark){:root{" + night.String() + "}}text{font-family:system-ui,sans-serif!important}</style>"
	return bytes.Replace(picture, []byte(">"), []byte(">"+style), 1)
}
