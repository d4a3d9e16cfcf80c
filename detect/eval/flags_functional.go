package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	marks "daybook/detect/flags"
)

// A flagFigure is how one flag does on a functional set: of the texts that
// should have it, of those that should have none, and of those that should have
// others.
type flagFigure struct {
	N         int     `json:"n"`
	Recall    float64 `json:"recall"`
	Harmless  int     `json:"harmless"`
	FalseRate float64 `json:"false_rate"`
	Other     int     `json:"other"`
	OtherRate float64 `json:"other_rate"`
}

type functionFigure struct {
	N     int `json:"n"`
	Right int `json:"right"` // all flags that should be there are; on a harmless text, the one it looks like is not

	Flags map[marks.Flag]foundOf `json:"flags,omitempty"` // those that should be there
	False map[marks.Flag]int     `json:"false,omitempty"` // on how many texts there is one that should not be
}

// foundOf is how many of the texts that should have a flag have it.
type foundOf struct {
	Found int `json:"found"`
	Of    int `json:"of"`
}

type functionalFigures struct {
	Flags     map[string]flagFigure     `json:"flags"`
	ThreatsBy map[string]flagFigure     `json:"threats_by"`
	Functions map[string]functionFigure `json:"functions"`
}

type functionalText struct {
	ID        string       `json:"id"`
	Flags     []marks.Flag `json:"flags"`
	LooksLike marks.Flag   `json:"looks_like"`
	Function  string       `json:"function"`
	Text      string       `json:"text"`
}

// measureFunctional reads a functional set, and the made-up details beside it
// in functional_own.json.
func measureFunctional(name string) (*functionalFigures, error) {
	texts, err := functionalTexts(name)
	if err != nil {
		return nil, err
	}
	var own marks.Own
	data, err := os.ReadFile(filepath.Join(filepath.Dir(name), "functional_own.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &own); err != nil {
		return nil, fmt.Errorf("read own details: %w", err)
	}
	finder := marks.New(own)
	out := &functionalFigures{Flags: map[string]flagFigure{}, ThreatsBy: map[string]flagFigure{}, Functions: map[string]functionFigure{}}
	for _, t := range texts {
		found := finder.Find(t.Text, "en")
		has := func(flag marks.Flag) bool {
			return slices.ContainsFunc(found, func(f marks.Found) bool { return f.Flag == flag })
		}
		for _, flag := range marks.All() {
			out.Flags[string(flag)] = out.Flags[string(flag)].with(t, flag, has(flag))
		}
		model := slices.ContainsFunc(found, func(f marks.Found) bool { return f.Rule == marks.ModelRule })
		rules := slices.ContainsFunc(found, func(f marks.Found) bool { return f.Flag == marks.Threat && f.Rule != marks.ModelRule })
		out.ThreatsBy["rules"] = out.ThreatsBy["rules"].with(t, marks.Threat, rules)
		out.ThreatsBy["model"] = out.ThreatsBy["model"].with(t, marks.Threat, model)
		out.count(t, has)
	}
	finish := func(figures map[string]flagFigure) {
		for key, f := range figures {
			f.Recall, f.FalseRate, f.OtherRate = share(f.Recall, f.N), share(f.FalseRate, f.Harmless), share(f.OtherRate, f.Other)
			figures[key] = f
		}
	}
	finish(out.Flags)
	finish(out.ThreatsBy)
	return out, nil
}

func functionalTexts(name string) (texts []functionalText, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var t functionalText
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, fmt.Errorf("read functional set: %w", err)
		}
		texts = append(texts, t)
	}
	return texts, nil
}

// with counts one text; the rates are counts until the end.
func (f flagFigure) with(t functionalText, flag marks.Flag, found bool) flagFigure {
	one := 0.0
	if found {
		one = 1
	}
	switch {
	case slices.Contains(t.Flags, flag):
		f.N++
		f.Recall += one
	case len(t.Flags) == 0:
		f.Harmless++
		f.FalseRate += one
	default:
		f.Other++
		f.OtherRate += one
	}
	return f
}

func (f *functionalFigures) count(t functionalText, has func(marks.Flag) bool) {
	right := len(t.Flags) > 0 || !has(t.LooksLike)
	figure := f.Functions[t.Function]
	if figure.Flags == nil {
		figure.Flags, figure.False = map[marks.Flag]foundOf{}, map[marks.Flag]int{}
	}
	for _, flag := range marks.All() {
		if has(flag) && !slices.Contains(t.Flags, flag) {
			figure.False[flag]++
		}
	}
	for _, flag := range t.Flags {
		right = right && has(flag)
		of := figure.Flags[flag]
		of.Of++
		if has(flag) {
			of.Found++
		}
		figure.Flags[flag] = of
	}
	figure.N++
	if right {
		figure.Right++
	}
	f.Functions[t.Function] = figure
}

func share(count float64, of int) float64 {
	if of == 0 {
		return 0
	}
	return count / float64(of)
}
