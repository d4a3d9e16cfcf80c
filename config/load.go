package config

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"daybook"
)

// Sizes in bytes above which a file is not read: it is something else.
const (
	maxFile   = 1 << 20
	maxSecret = 64 << 10
)

// Load returns the configuration: the defaults, over them the file, over it the
// environment. With path "" the file is the one that DAYBOOK_CONFIG names, else
// config.toml in the platform's settings folder if there is one. Relative paths
// in the file start from the file's folder; "~/" is the home folder.
//
// An error about the file names it, with the line where that is known, and wraps
// daybook.ErrInvalid, or os.ErrNotExist if a named file is not there. What is
// read is not yet checked: call Validate.
func Load(path string, getenv func(string) string) (Config, error) {
	c := Defaults(runtime.GOOS, getenv)
	if path == "" {
		path = getenv("DAYBOOK_CONFIG")
	}
	if path == "" {
		if _, settings := folders(runtime.GOOS, getenv); settings != "" {
			path = filepath.Join(settings, "config.toml")
			if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
				path = ""
			}
		}
	}
	base := ""
	if path != "" {
		b, err := readFile(path, maxFile)
		if err != nil {
			return c, fmt.Errorf("read the configuration: %w", err)
		}
		if err := c.decode(path, string(b)); err != nil {
			return c, err
		}
		base = filepath.Dir(path)
	}
	// Paths of the file are settled before the environment's are laid over
	// them: those start from the working directory.
	c.settlePaths(base, getenv("HOME"))
	if err := c.environment(getenv); err != nil {
		return c, err
	}
	return c, c.readSecrets()
}

func readFile(path string, limit int64) (b []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: %w: it is larger than %d bytes, so it is something else", path, daybook.ErrInvalid, limit)
	}
	return b, nil
}

// decode lays the text of a file over c.
func (c *Config) decode(path, text string) error {
	md, err := toml.Decode(text, c)
	var at toml.ParseError
	if errors.As(err, &at) {
		return fmt.Errorf("%s:%d: %w: %s", path, at.Position.Line, daybook.ErrInvalid, keyed(at.LastKey, at.Message))
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", path, daybook.ErrInvalid, strings.TrimPrefix(err.Error(), "toml: "))
	}
	var problems []error
	unknown := ""
	for _, key := range md.Undecoded() {
		if unknown != "" && strings.HasPrefix(key.String(), unknown+".") {
			continue // within a table that is unknown itself
		}
		unknown = key.String()
		where := path
		if line := lineOf(text, key); line > 0 {
			where += ":" + strconv.Itoa(line)
		}
		problems = append(problems, fmt.Errorf("%s: %w: there is no setting %q; %s", where, daybook.ErrInvalid, unknown, nearest(key)))
	}
	return errors.Join(problems...)
}

func keyed(key, message string) string {
	if key == "" {
		return message
	}
	return key + ": " + message
}

// lineOf returns the line of a key, 0 if it cannot be told. The decoder names
// positions in errors alone: so the text is decoded into a type that has just
// this key and that refuses every value.
func lineOf(text string, key toml.Key) int {
	typ := reflect.TypeFor[refuser]()
	for i := len(key) - 1; i >= 0; i-- {
		if strings.ContainsFunc(key[i], func(r rune) bool { return !bare(r) }) || key[i] == "-" {
			return 0 // it would not survive as a struct tag
		}
		typ = reflect.StructOf([]reflect.StructField{{Name: "F", Type: typ, Tag: reflect.StructTag(`toml:"` + key[i] + `"`)}})
	}
	_, err := toml.Decode(text, reflect.New(typ).Interface())
	var at toml.ParseError
	if errors.As(err, &at) {
		return at.Position.Line
	}
	return 0
}

func bare(r rune) bool {
	return r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

type refuser struct{}

// UnmarshalTOML refuses every value.
func (*refuser) UnmarshalTOML(any) error { return errors.New("refused") }

// settlePaths makes the paths of c absolute where they start from home or base.
func (c *Config) settlePaths(base, home string) {
	for _, p := range []*string{&c.Data, &c.KeyFile, &c.Database.URLFile, &c.Mail.PasswordFile, &c.X.ClientSecretFile, &c.X.BearerFile} {
		*p = settle(*p, base, home)
	}
	for i := range c.TimeStamps.Authorities {
		a := &c.TimeStamps.Authorities[i]
		a.Roots = settle(a.Roots, base, home)
	}
}

func settle(p, base, home string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok && home != "" {
		return filepath.Join(home, rest)
	}
	if p == "" || base == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(base, p)
}

// environment lays the variables of the env tags over c.
func (c *Config) environment(getenv func(string) string) error {
	var problems []error
	eachField(reflect.ValueOf(c).Elem(), func(f reflect.StructField, v reflect.Value) {
		name := f.Tag.Get("env")
		value := getenv(name)
		if name == "" || value == "" {
			return
		}
		if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
			if err := t.UnmarshalText([]byte(value)); err != nil {
				problems = append(problems, fmt.Errorf("environment variable %s: %w: %w", name, daybook.ErrInvalid, err))
			}
			return
		}
		v.SetString(value)
	})
	return errors.Join(problems...)
}

// eachField calls fn for every field that is not itself a table, in order.
func eachField(v reflect.Value, fn func(f reflect.StructField, v reflect.Value)) {
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Struct {
			eachField(v.Field(i), fn)
			continue
		}
		fn(v.Type().Field(i), v.Field(i))
	}
}

// readSecrets reads the files that hold secrets. What the environment gave goes
// first.
func (c *Config) readSecrets() error {
	return errors.Join(
		readSecret("database.url_file", c.Database.URLFile, &c.Database.URL),
		readSecret("mail.password_file", c.Mail.PasswordFile, &c.Mail.Password),
		readSecret("x.client_secret_file", c.X.ClientSecretFile, &c.X.ClientSecret),
		readSecret("x.bearer_file", c.X.BearerFile, &c.X.Bearer),
	)
}

func readSecret(key, path string, into *Secret) error {
	if path == "" || *into != "" {
		return nil
	}
	b, err := readFile(path, maxSecret)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" || strings.ContainsAny(s, "\r\n\x00") {
		return fmt.Errorf("%s: %w: %s should hold the secret alone, in one line", key, daybook.ErrInvalid, path)
	}
	*into = Secret(s)
	return nil
}
