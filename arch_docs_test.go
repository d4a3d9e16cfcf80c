package daybook_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	link       = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)
	makeTarget = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")
	required   = regexp.MustCompile(`(?m)^\s(\S+\.\S+/\S+) v\S+$`) // without "// indirect"
)

func TestLinksBetweenDocuments(t *testing.T) {
	walk(t, func(file, text string) {
		if path.Ext(file) != ".md" || inTestdata(file) {
			return
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if target := path.Join(path.Dir(file), m[1]); !exists(target) {
				t.Errorf("%s: the link to %s leads nowhere", file, m[1])
			}
		}
	})
}

func TestDocumentsNameTargetsThatExist(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	walk(t, func(file, text string) {
		if path.Ext(file) != ".md" {
			return
		}
		for _, m := range makeTarget.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s speaks of make %s, which the Makefile does not have", file, m[1])
			}
		}
	})
}

// A new direct module needs a page in docs/decisions (CONTRIBUTING.md).
func TestEveryDirectModuleHasADecision(t *testing.T) {
	gomod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var decisions strings.Builder
	walk(t, func(file, text string) {
		if path.Dir(file) == "docs/decisions" {
			decisions.WriteString(text)
		}
	})
	for _, m := range required.FindAllStringSubmatch(string(gomod), -1) {
		if !strings.Contains(decisions.String(), "`"+m[1]+"`") {
			t.Errorf("go.mod requires %s, and no page in docs/decisions says why", m[1])
		}
	}
}

func TestEveryDecisionIsListed(t *testing.T) {
	list, err := os.ReadFile("docs/decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	walk(t, func(file, text string) {
		if dir, name := path.Split(file); dir == "docs/decisions/" && name != "README.md" && !strings.Contains(string(list), "("+name+")") {
			t.Errorf("docs/decisions/README.md does not list %s", name)
		}
	})
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
