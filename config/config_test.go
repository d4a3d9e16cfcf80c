package config_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook"
	"daybook/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

// env returns a getenv that knows these variables alone.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	for _, tt := range []struct {
		name, goos string
		env        func(string) string
		data, key  string
	}{
		{"linux", "linux", env("HOME", "/home/mara"), "/home/mara/.local/share/daybook", "/home/mara/.config/daybook/instance.key"},
		{"xdg", "linux", env("HOME", "/home/mara", "XDG_DATA_HOME", "/d", "XDG_CONFIG_HOME", "/c"), "/d/daybook", "/c/daybook/instance.key"},
		{"bsd", "freebsd", env("HOME", "/home/mara"), "/home/mara/.local/share/daybook", "/home/mara/.config/daybook/instance.key"},
		{"mac", "darwin", env("HOME", "/Users/mara"), "/Users/mara/Library/Application Support/daybook", "/Users/mara/.config/daybook/instance.key"},
		{"windows", "windows", env("LOCALAPPDATA", `C:\L`, "APPDATA", `C:\R`), `C:\L\daybook\data`, `C:\R\daybook\instance.key`},
		{"nothing known", "linux", env(), "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config.Defaults(tt.goos, tt.env)
			if c.Data != tt.data || c.KeyFile != tt.key {
				t.Errorf("got %q and %q, want %q and %q", c.Data, c.KeyFile, tt.data, tt.key)
			}
		})
	}
}

func TestDefaultsAreValid(t *testing.T) {
	c, err := config.Load("", env("HOME", t.TempDir(), "LOCALAPPDATA", t.TempDir(), "APPDATA", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mail.secret", "correct horse\n")
	path := write(t, dir, "config.toml", `
data = "~/book"
key_file = "keys/instance.key"
log_level = "warn"
[collect]
every = "5m"
second_looks = ["10m", "24h"]
[alerts]
quiet_from = "21:30"
[mail]
host = "mail.charity.example"
user = "notes"
password_file = "mail.secret"
from_address = "notes@charity.example"
[time_stamps]
every = "1h"
[[time_stamps.authority]]
name = "one"
url = "https://one.example/tsr"
roots = "roots/one.pem"
[[time_stamps.authority]]
name = "two"
url = "https://two.example/tsr"
roots = "~/two.pem"
qualified = true
`)
	got, err := config.Load(path, env("HOME", "/home/mara", "DAYBOOK_LOG_LEVEL", "debug", "DAYBOOK_DATABASE_URL", ""))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Defaults(runtime.GOOS, env("HOME", "/home/mara"))
	want.Data = "/home/mara/book"
	want.KeyFile = filepath.Join(dir, "keys/instance.key")
	want.LogLevel = "debug" // the environment goes first
	want.Collect.Every = config.Duration(5 * time.Minute)
	want.Collect.SecondLooks = []config.Duration{config.Duration(10 * time.Minute), config.Duration(24 * time.Hour)}
	want.Alerts.QuietFrom = 21*60 + 30
	want.Mail.Host, want.Mail.User = "mail.charity.example", "notes"
	want.Mail.PasswordFile = filepath.Join(dir, "mail.secret")
	want.Mail.Password = "correct horse"
	want.Mail.FromAddress = "notes@charity.example"
	want.TimeStamps = config.TimeStamps{Every: config.Duration(time.Hour), Authorities: []config.Authority{
		{Name: "one", URL: "https://one.example/tsr", Roots: filepath.Join(dir, "roots/one.pem")},
		{Name: "two", URL: "https://two.example/tsr", Roots: "/home/mara/two.pem", Qualified: true},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestWhichFile(t *testing.T) {
	home, other := t.TempDir(), t.TempDir()
	settings := filepath.Join(home, ".config", "daybook")
	if err := os.MkdirAll(settings, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, settings, "config.toml", `listen = "127.0.0.1:1"`)
	named := write(t, other, "a.toml", `listen = "127.0.0.1:2"`)
	given := write(t, other, "b.toml", `listen = "127.0.0.1:3"`)
	for _, tt := range []struct {
		name, path string
		env        func(string) string
		want       string
	}{
		{"the platform's", "", env("HOME", home, "XDG_CONFIG_HOME", filepath.Join(home, ".config"), "APPDATA", filepath.Join(home, ".config")), "127.0.0.1:1"},
		{"named in the environment", "", env("HOME", home, "DAYBOOK_CONFIG", named), "127.0.0.1:2"},
		{"given", given, env("HOME", home, "DAYBOOK_CONFIG", named), "127.0.0.1:3"},
		{"none", "", env("HOME", other), "127.0.0.1:8765"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := config.Load(tt.path, tt.env)
			if err != nil || c.Listen != tt.want {
				t.Errorf("got %q, %v, want %q", c.Listen, err, tt.want)
			}
		})
	}
	if _, err := config.Load(filepath.Join(other, "none.toml"), env()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v, want os.ErrNotExist", err)
	}
}

// Everything that can be wrong in a file names the file and, where it can be
// known, the line, and says what to do.
func TestWrongFiles(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		line       int // 0: not named
		want       string
	}{
		{"misspelt", "data = \"/d\"\n\n[mail]\nhots = \"m.example\"\n", 4, `no setting "mail.hots"; did you mean mail.host?`},
		{"misspelt table", "[colect]\nevery = \"5m\"\n", 1, `no setting "colect"; did you mean collect?`},
		{"in the wrong table", "[mail]\nport = 25\nquiet_from = \"20:00\"\n", 3, `did you mean alerts.quiet_from?`},
		{"dotted", "# first\nmail.hosst = \"m.example\"\n", 2, `did you mean mail.host?`},
		{"inline", "\n\nmail = { port = 1, hosst = \"m.example\" }\n", 3, `did you mean mail.host?`},
		{"within an authority", "[[time_stamps.authority]]\nname = \"one\"\nrots = \"one.pem\"\n", 0, `did you mean time_stamps.authority.roots?`},
		{"nothing near", "[media]\nzzzzzzzzzzzz = 1\n", 2, `there are fetch, max_bytes`},
		{"odd characters", "\"a b,c\" = 1\n", 0, `no setting "\"a b,c\""`},
		{"password in the file", "[mail]\npassword = \"x\"\n", 2, "name the file that holds it with mail.password_file"},
		{"URL in the file", "[database]\nurl = \"postgres://a:b@h/n\"\n", 2, "name the file that holds it with database.url_file"},
		{"syntax", "data = \"/d\"\nlisten = \n", 2, "expected value"},
		{"twice", "data = \"/d\"\ndata = \"/e\"\n", 2, "data"},
		{"duration without unit", "[collect]\n\nevery = \"60\"\n", 3, `collect.every: "60" is not a duration; write a number with its unit`},
		{"negative duration", "[collect]\nevery = \"-1s\"\n", 2, "less than nothing"},
		{"time of day", "[alerts]\nquiet_from = \"25:00\"\n", 2, "not a time of day"},
		{"dollars in words", "[x]\nmonthly_cap = \"two\"\n", 2, `write it as "2.00"`},
		{"dollars that are none", "[x]\nmonthly_cap = \"2.\"\n", 2, `write it as "2.00"`},
		{"negative dollars", "[x]\nmonthly_cap = \"-1\"\n", 2, `write it as "2.00"`},
		{"dollars behind the point", "[x]\nmonthly_cap = \"1.+5\"\n", 2, `write it as "2.00"`},
		{"secret of X in the file", "[x]\nclient_secret = \"x\"\n", 2, "name the file that holds it with x.client_secret_file"},
		{"type", "\nlisten = 8765\n", 0, "line 2"},
		{"not text", "\xff\xfe\x00", 1, "UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "config.toml", tt.text)
			_, err := config.Load(path, env("HOME", "/home/mara"))
			if !errors.Is(err, daybook.ErrInvalid) {
				t.Fatalf("got %v, want ErrInvalid", err)
			}
			where := path + ": "
			if tt.line > 0 {
				where = fmt.Sprintf("%s:%d: ", path, tt.line)
			}
			if !strings.HasPrefix(err.Error(), where) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to begin with %q and to contain %q", err, where, tt.want)
			}
		})
	}
}

func TestTwoUnknownKeysAreBothNamed(t *testing.T) {
	path := write(t, t.TempDir(), "config.toml", "lissten = \"x\"\n[mail]\nhots = \"x\"\n")
	_, err := config.Load(path, env())
	if err == nil || !strings.Contains(err.Error(), "config.toml:1:") || !strings.Contains(err.Error(), "config.toml:3:") {
		t.Errorf("got %v, want lines 1 and 3", err)
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "url", "postgres://book:hunter2@db.example/daybook\n")
	write(t, dir, "empty", "\n")
	write(t, dir, "lines", "one\ntwo\n")
	write(t, dir, "long", strings.Repeat("x", 70<<10))
	load := func(text string, vars ...string) (config.Config, error) {
		return config.Load(write(t, dir, "config.toml", text), env(vars...))
	}
	c, err := load("[database]\nengine = \"postgres\"\nurl_file = \"url\"\n", "HOME", dir)
	if err != nil || c.Database.URL.Reveal() != "postgres://book:hunter2@db.example/daybook" {
		t.Fatalf("got %q, %v", c.Database.URL.Reveal(), err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Database.URL.LogValue()); strings.Contains(s, "hunter2") {
		t.Errorf("the secret shows itself: %s", s)
	}
	c, err = load("[database]\nurl_file = \"none\"\n", "DAYBOOK_DATABASE_URL", "postgres://e")
	if err != nil || c.Database.URL != "postgres://e" {
		t.Errorf("the environment goes first: got %q, %v", c.Database.URL.Reveal(), err)
	}
	for _, name := range []string{"empty", "lines", "long"} {
		if _, err := load(fmt.Sprintf("[mail]\npassword_file = %q\n", name)); !errors.Is(err, daybook.ErrInvalid) || strings.Contains(err.Error(), "two") {
			t.Errorf("%s: got %v, want ErrInvalid without the secret", name, err)
		}
	}
	if _, err := load("[mail]\npassword_file = \"none\"\n"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "mail.password_file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestValidate(t *testing.T) {
	mail := func(c *config.Config) {
		c.Mail.Host, c.Mail.FromAddress = "mail.charity.example", "notes@charity.example"
	}
	stamps := func(c *config.Config) {
		c.TimeStamps.Authorities = []config.Authority{
			{Name: "one", URL: "https://one.example/tsr", Roots: "one.pem"},
			{Name: "two", URL: "http://two.example/tsr", Roots: "two.pem"},
		}
	}
	for _, tt := range []struct {
		name string
		set  func(c *config.Config)
		want []string // of the error; none: it is valid
	}{
		{"as it is", func(c *config.Config) {}, nil},
		{"no data folder", func(c *config.Config) { c.Data = "" }, []string{"data: ", "name a folder"}},
		{"no key file", func(c *config.Config) { c.KeyFile = "" }, []string{"key_file: ", "outside /home/mara/data"}},
		{"key inside the data", func(c *config.Config) { c.KeyFile = c.Data + "/sub/../instance.key" }, []string{"key_file: ", "Name a file outside it"}},
		{"key beside the data", func(c *config.Config) { c.KeyFile = c.Data + ".key" }, nil},
		{"data inside the key's folder", func(c *config.Config) { c.KeyFile = "/home/mara/k" }, nil},
		{"listen without port", func(c *config.Config) { c.Listen = "localhost" }, []string{"listen: ", "127.0.0.1:8765"}},
		{"pages for other machines in the clear", func(c *config.Config) { c.Listen = "0.0.0.0:8765" }, []string{"web.certificate: ", "https"}},
		{"site that is none", func(c *config.Config) { c.Web.URL = "notes.charity.example/x" }, []string{"web.url: ", "https://"}},
		{"site without https", func(c *config.Config) { c.Web.URL = "http://notes.charity.example" }, []string{"web.url: ", "https"}},
		{"certificate without its key", func(c *config.Config) { c.Web.Certificate = "a.pem" }, []string{"web.certificate_key: "}},
		{"proxy that is no address", func(c *config.Config) { c.Web.Proxies = []string{"front"} }, []string{"web.proxies: ", "127.0.0.1"}},
		{"country in words", func(c *config.Config) { c.Web.Country = "Wales" }, []string{"web.country: ", "GB"}},
		{"leaving for nowhere", func(c *config.Config) { c.Web.Leave = "weather" }, []string{"web.leave: ", "https://"}},
		{"listen on all", func(c *config.Config) { c.Listen = ":8765" }, []string{"listen: ", "0.0.0.0:8765"}},
		{"port", func(c *config.Config) { c.Listen = "127.0.0.1:99999" }, []string{"listen: ", "99999"}},
		{"log level", func(c *config.Config) { c.LogLevel = "loud" }, []string{"log_level: ", "debug, info, warn, error"}},
		{"engine", func(c *config.Config) { c.Database.Engine = "mysql" }, []string{"database.engine: ", "sqlite, postgres"}},
		{"postgres without URL", func(c *config.Config) { c.Database.Engine = "postgres" }, []string{"database.url_file: ", "DAYBOOK_DATABASE_URL"}},
		{"URL without postgres", func(c *config.Config) { c.Database.URL = "postgres://h/n" }, []string{"database.engine: "}},
		{"other URL", func(c *config.Config) { c.Database.Engine, c.Database.URL = "postgres", "mysql://h/n" }, []string{"database.url_file: "}},
		{"too often", func(c *config.Config) { c.Collect.Every = config.Duration(time.Second) }, []string{"collect.every: ", "60s"}},
		{"looks in disorder", func(c *config.Config) { c.Collect.SecondLooks = []config.Duration{2, 1} }, []string{"collect.second_looks: "}},
		{"no looks", func(c *config.Config) { c.Collect.SecondLooks = nil }, nil},
		{"too many looks", func(c *config.Config) { c.Collect.SecondLooks = []config.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11} }, []string{"collect.second_looks: "}},
		{"media", func(c *config.Config) { c.Media.MaxBytes = 1 << 40 }, []string{"media.max_bytes: "}},
		{"zone", func(c *config.Config) { c.Alerts.Zone = "Europe/Londn" }, []string{"alerts.zone: ", "Europe/London"}},
		{"mail", mail, nil},
		{"mail without address", func(c *config.Config) { mail(c); c.Mail.FromAddress = "" }, []string{"mail.from_address: "}},
		{"mail with a name in the address", func(c *config.Config) { mail(c); c.Mail.FromAddress = "N <n@charity.example>" }, []string{"mail.from_address: "}},
		{"mail without password", func(c *config.Config) { mail(c); c.Mail.User = "u" }, []string{"mail.password_file: "}},
		{"mail in the clear", func(c *config.Config) { mail(c); c.Mail.TLS = "none" }, []string{"mail.tls: "}},
		{"mail in the clear to ourselves", func(c *config.Config) { mail(c); c.Mail.TLS, c.Mail.Host = "none", "127.0.0.1" }, nil},
		{"mail port", func(c *config.Config) { mail(c); c.Mail.Port = 0 }, []string{"mail.port: "}},
		{"subject of two lines", func(c *config.Config) { mail(c); c.Mail.Subject = "a\r\nBcc: b@charity.example" }, []string{"mail.subject: "}},
		{"no sender name", func(c *config.Config) { mail(c); c.Mail.FromName = " " }, []string{"mail.from_name: "}},
		{"time stamps", stamps, nil},
		{"time stamps too often", func(c *config.Config) { c.TimeStamps.Every = config.Duration(time.Second) }, []string{"time_stamps.every: ", "10m"}},
		{"authority with a name for people", func(c *config.Config) { stamps(c); c.TimeStamps.Authorities[0].Name = "Time & Sons" }, []string{"time_stamps.authority.name: ", "time-one"}},
		{"two authorities of one name", func(c *config.Config) { stamps(c); c.TimeStamps.Authorities[1].Name = "one" }, []string{"time_stamps.authority.name: ", "twice"}},
		{"authority without address", func(c *config.Config) { stamps(c); c.TimeStamps.Authorities[1].URL = "" }, []string{"time_stamps.authority.url: ", "\"two\""}},
		{"password in the authority's address", func(c *config.Config) {
			stamps(c)
			c.TimeStamps.Authorities[1].URL = "https://a:hunter2@time.example"
		}, []string{"time_stamps.authority.url: ", "without a name or password"}},
		{"authority without roots", func(c *config.Config) { stamps(c); c.TimeStamps.Authorities[0].Roots = "" }, []string{"time_stamps.authority.roots: ", "anybody's"}},
		{"X", func(c *config.Config) { c.X.Enabled, c.X.API, c.X.Names = true, "v1.1", "post" }, nil},
		{"interface of X", func(c *config.Config) { c.X.API = "v3" }, []string{"x.api: ", "v2, v1.1"}},
		{"names of X", func(c *config.Config) { c.X.Names = "toot" }, []string{"x.names: ", "tweet, post"}},
		{"back to another machine", func(c *config.Config) { c.X.Back = "http://notes.charity.example:8766/back" }, []string{"x.back: ", "127.0.0.1:8766"}},
		{"back without port", func(c *config.Config) { c.X.Back = "http://127.0.0.1/back" }, []string{"x.back: "}},
		{"client of two words", func(c *config.Config) { c.X.ClientID = "a b" }, []string{"x.client_id: "}},
		{"approval of two lines", func(c *config.Config) { c.X.Approval = "a\nb" }, []string{"x.approval: "}},
		{"two problems", func(c *config.Config) { c.LogLevel, c.Listen = "loud", "x" }, []string{"log_level: ", "listen: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config.Defaults("linux", env("HOME", "/home/mara"))
			c.Data = "/home/mara/data"
			tt.set(&c)
			err := c.Validate()
			if tt.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, daybook.ErrInvalid) {
				t.Fatalf("got %v, want ErrInvalid", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to contain %q", err, want)
				}
			}
		})
	}
}

// A link that leads into the data folder does not hide the key from the check.
func TestKeyBehindALink(t *testing.T) {
	dir := t.TempDir()
	data, link := filepath.Join(dir, "data"), filepath.Join(dir, "settings")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(data, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	c := config.Defaults("linux", env("HOME", dir))
	c.Data, c.KeyFile = data, filepath.Join(link, "instance.key")
	if err := c.Validate(); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestExample(t *testing.T) {
	const golden = "testdata/example.toml"
	got := config.Example()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("testdata/example.toml differs (go test ./config -update):\n%s", diff)
	}
}

// The example is true: with the # taken away it says what holds anyway.
func TestExampleIsTheDefaults(t *testing.T) {
	var text strings.Builder
	for line := range strings.Lines(config.Example()) {
		if rest, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(rest, " ") {
			line = rest
		}
		text.WriteString(line)
	}
	getenv := env("HOME", "/home/mara")
	got, err := config.Load(write(t, t.TempDir(), "config.toml", text.String()), getenv)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Defaults("linux", getenv), got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFieldIsDocumented(t *testing.T) {
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Tag.Get("doc") == "" || f.Tag.Get("toml") == "" {
				t.Errorf("%s.%s needs the tags toml and doc", typ, f.Name)
			}
			if f.Type == reflect.TypeFor[config.Secret]() && (f.Tag.Get("toml") != "-" || f.Tag.Get("env") == "") {
				t.Errorf("%s.%s: a secret is not read from the file", typ, f.Name)
			}
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type)
			}
			if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
				walk(f.Type.Elem())
			}
		}
	}
	walk(reflect.TypeFor[config.Config]())
}

func FuzzLoad(f *testing.F) {
	f.Add(config.Example())
	f.Add("mail = { hosst = 1 }\n[a.b.c]\nd = [1, 2]\n[[mail]]\n")
	f.Add("\"a b\".c = 1\n'-' = 2\nlisten = \"x\"\nLISTEN = 'y'")
	f.Add("[collect]\nsecond_looks = [\"1s\", 5]\nevery = 1979-05-27")
	f.Add("\xef\xbb\xbfdata = '''\n'''")
	path := filepath.Join(f.TempDir(), "config.toml")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "_file") {
			t.Skip("it could name a file of this machine")
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, env("HOME", "/home/mara"))
		if err != nil {
			if !errors.Is(err, daybook.ErrInvalid) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error that names the file", err)
			}
			return
		}
		if err := c.Validate(); err != nil && !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("validate: %v, want ErrInvalid", err)
		}
	})
}
