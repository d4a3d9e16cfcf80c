package web

import (
	"bufio"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// The numbers for urgent help are data, in files help/*.txt whose format the file
// for GB tells: each entry with its source and the day of its review. They come
// with the program, so they are there without a network and on every page.

//go:embed help
var helpFiles embed.FS

//go:embed zones.txt
var zoneList string

// help is the urgent help that every page shows, signed out too.
type help struct {
	Country  string // its name; "" if there are no numbers for it
	Entries  []helpEntry
	Reviewed time.Time // of the entry that was reviewed first
	Old      bool      // reviewed more than a year ago
}

type helpEntry struct {
	Label, Number, Note string
	Source              string
	Reviewed            time.Time
}

// A country is one that people can choose.
type country struct {
	Code string // ISO 3166-1 alpha-2
	Zone string // of its capital
	Name string
	help []helpEntry
}

// countries are those with numbers of their own, and what holds for all others.
type countries struct {
	byCode    map[string]country
	elsewhere []helpEntry
}

// otherCountry is a code that no country has (ISO 3166-1 leaves it to its users):
// it stands for all that have no numbers here.
const otherCountry = "XX"

// help returns the numbers of a country. One that is not known gets the
// international ones, never those of another country.
func (s *Server) help(code string, now time.Time) (help, error) {
	c, ok := s.countries.byCode[code]
	if !ok {
		c.help = s.countries.elsewhere
	}
	h := help{Country: c.Name, Entries: c.help}
	for _, e := range h.Entries {
		if h.Reviewed.IsZero() || e.Reviewed.Before(h.Reviewed) {
			h.Reviewed = e.Reviewed
		}
	}
	h.Old = old(h.Reviewed, now)
	return h, nil
}

// list returns the countries by name.
func (c countries) list() []country {
	return slices.SortedFunc(maps.Values(c.byCode), func(a, b country) int { return cmp.Compare(a.Name, b.Name) })
}

func readCountries() (countries, error) {
	all := countries{byCode: map[string]country{}}
	files, err := fs.Glob(helpFiles, "help/*.txt")
	if err != nil {
		return all, fmt.Errorf("list the help numbers: %w", err)
	}
	for _, file := range files {
		text, err := helpFiles.ReadFile(file)
		if err != nil {
			return all, fmt.Errorf("read the help numbers: %w", err)
		}
		places, entries, err := readHelp(string(text))
		if err != nil {
			return all, fmt.Errorf("%s: %w", file, err)
		}
		for _, p := range places {
			if _, twice := all.byCode[p.Code]; twice {
				return all, fmt.Errorf("%s: %s is there twice", file, p.Code)
			}
			p.help = entries
			all.byCode[p.Code] = p
		}
		if len(places) == 0 {
			all.elsewhere = append(all.elsewhere, entries...)
		}
	}
	if len(all.elsewhere) == 0 {
		return all, fmt.Errorf("there are no help numbers for other countries")
	}
	return all, nil
}

// readHelp reads one file: the countries that it is for, and its entries. It
// takes nothing that is not complete.
func readHelp(text string) (places []country, entries []helpEntry, err error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if label, ok := strings.CutPrefix(line, "["); ok {
			entries = append(entries, helpEntry{Label: strings.TrimSuffix(label, "]")})
			continue
		}
		key, value, ok := strings.Cut(line, " = ")
		if !ok {
			return nil, nil, fmt.Errorf("line %d: a line is \"key = text\"", n)
		}
		if key == "country" {
			p := strings.SplitN(value, " ", 3)
			if len(p) != 3 || len(entries) > 0 || len(p[0]) != 2 || p[0] != strings.ToUpper(p[0]) {
				return nil, nil, fmt.Errorf("line %d: a country is a code, a time zone and a name, before the entries", n)
			}
			places = append(places, country{Code: p[0], Zone: p[1], Name: p[2]})
			continue
		}
		if len(entries) == 0 {
			return nil, nil, fmt.Errorf("line %d: the name of an entry comes first", n)
		}
		e := &entries[len(entries)-1]
		switch key {
		case "number":
			e.Number = value
		case "note":
			e.Note = value
		case "source":
			e.Source = value
		case "reviewed":
			if e.Reviewed, err = time.Parse(time.DateOnly, value); err != nil {
				return nil, nil, fmt.Errorf("line %d: %w", n, err)
			}
		default:
			return nil, nil, fmt.Errorf("line %d: there is no key %q", n, key)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, err
	}
	if len(entries) == 0 {
		return nil, nil, fmt.Errorf("there is no entry")
	}
	for _, e := range entries {
		if e.Label == "" || e.Number == "" || e.Source == "" || e.Reviewed.IsZero() {
			return nil, nil, fmt.Errorf("entry %q needs a number, a source and a day of review", e.Label)
		}
	}
	return places, entries, nil
}

// A zoneGroup is the time zones of a part of the world, for a list to choose from.
type zoneGroup struct {
	Area  string
	Zones []zone
}

type zone struct{ Name, Text string }

// zoneGroups lists the time zones; also one that is in use and not in the list.
func zoneGroups(also string) []zoneGroup {
	var groups []zoneGroup
	names := strings.Fields(strings.Join(slices.DeleteFunc(strings.Split(zoneList, "\n"), func(l string) bool { return strings.HasPrefix(l, "#") }), "\n"))
	if also != "" && !slices.Contains(names, also) {
		names = append(names, also)
	}
	for _, n := range names {
		area, place, ok := strings.Cut(n, "/")
		if !ok {
			area, place = "UTC", n
		}
		i := slices.IndexFunc(groups, func(g zoneGroup) bool { return g.Area == area })
		if i < 0 {
			i = len(groups)
			groups = append(groups, zoneGroup{Area: area})
		}
		groups[i].Zones = append(groups[i].Zones, zone{n, strings.ReplaceAll(strings.ReplaceAll(place, "_", " "), "/", ", ")})
	}
	return groups
}
