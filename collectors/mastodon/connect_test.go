package mastodon_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"daybook"
	"daybook/collectors"
	"daybook/collectors/mastodon"
	"daybook/internal/fakemastodon"
)

func TestConnect_LeastScopes_D2(t *testing.T) {
	for _, o := range []fakemastodon.Options{{}, gotosocial} {
		s := fakemastodon.New(o)
		mara := s.Person("mara_lindqvist", "Mara Lindqvist")
		mara.Avatar(s.File([]byte("png"), "image/png", ""))
		config := mastodon.Config{Now: s.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"mastodon.example": s}}}

		p, err := config.Begin(t.Context(), "@mara_lindqvist@mastodon.example", mastodon.OutOfBand)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(p.URL)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if got, want := q.Get("scope"), "read:notifications read:statuses read:accounts read:blocks read:mutes"; got != want {
			t.Errorf("scopes: got %q, want %q", got, want)
		}
		if u.Host != "mastodon.example" || u.Path != "/oauth/authorize" || q.Get("response_type") != "code" {
			t.Errorf("got %s", p.URL)
		}
		if pkce := q.Get("code_challenge_method") == "S256" && q.Get("code_challenge") != "" && p.Verifier != ""; pkce == o.GoToSocial {
			t.Errorf("PKCE: got %v on a server that offers it: %v", pkce, !o.GoToSocial)
		}
		if strings.Contains(p.URL, p.ClientSecret) || p.Verifier != "" && strings.Contains(p.URL, p.Verifier) {
			t.Error("a secret stands in the URL")
		}
		for _, word := range []string{"daybook", "evidence", "police", "record"} {
			if strings.Contains(strings.ToLower(mastodon.AppName), word) {
				t.Errorf("the app's name says %q", word)
			}
		}

		s.SignIn(mara)
		code, _ := s.Allow(p.URL)
		wrong := p
		wrong.Verifier = "another"
		if !o.GoToSocial {
			if _, _, err := config.Finish(t.Context(), wrong, code, ""); !errors.Is(err, daybook.ErrInvalid) {
				t.Errorf("wrong verifier: got %v, want %v", err, daybook.ErrInvalid)
			}
			code, _ = s.Allow(p.URL)
		}
		account, secret, err := config.Finish(t.Context(), p, code, "")
		if err != nil {
			t.Fatal(err)
		}
		want := "mara_lindqvist@mastodon.example"
		if !o.GoToSocial {
			want = "https://mastodon.example/users/mara_lindqvist"
		}
		if account.Handle.Native != want || account.Handle.Shown() != "mara_lindqvist@mastodon.example" || account.Platform != "mastodon" ||
			account.Server != "https://mastodon.example" || !slices.Equal(account.Media, []string{"mastodon.example"}) {
			t.Errorf("account: got %+v", account)
		}
		if _, _, err := config.Finish(t.Context(), p, code, ""); !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("code used twice: got %v, want %v", err, daybook.ErrInvalid)
		}

		driver := mastodon.Driver(config)
		n := s.Tokens()
		if err := driver.Revoke(t.Context(), account, secret); err != nil || s.Tokens() != n-1 {
			t.Errorf("revoke: got %v and %d tokens, want %d", err, s.Tokens(), n-1)
		}
		if err := driver.Revoke(t.Context(), account, secret); err != nil {
			t.Errorf("revoke again: got %v, want nil", err)
		}
		s.Fault("/oauth/revoke", 1, fakemastodon.Answer(500, "text/html", "no"))
		if err := driver.Revoke(t.Context(), account, secret); err == nil {
			t.Error("revoke that failed: got nil")
		}
		if v := s.Violations(); len(v) > 0 {
			t.Errorf("calls that a reader does not make: %v", v)
		}
	}
}

func TestConnect_State(t *testing.T) {
	s := fakemastodon.New(fakemastodon.Options{})
	s.SignIn(s.Person("mara_lindqvist", "Mara"))
	config := mastodon.Config{Now: s.Now, Exception: &collectors.Exception{Hosts: map[string]http.Handler{"mastodon.example": s}}}
	p, err := config.Begin(t.Context(), "mastodon.example", "http://127.0.0.1:8765/connected")
	if err != nil {
		t.Fatal(err)
	}
	code, state := s.Allow(p.URL)
	if _, _, err := config.Finish(t.Context(), p, code, "other"); !errors.Is(err, daybook.ErrInvalid) {
		t.Errorf("other state: got %v, want %v", err, daybook.ErrInvalid)
	}
	if _, _, err := config.Finish(t.Context(), p, code, state); err != nil {
		t.Errorf("its state: got %v", err)
	}
	if _, _, err := config.FromToken(t.Context(), "mastodon.example", "no such token"); !errors.Is(err, collectors.ErrRefused) {
		t.Errorf("unknown token: got %v, want %v", err, collectors.ErrRefused)
	}
}

func TestServerURL_E5(t *testing.T) {
	tests := []struct{ typed, want string }{
		{"birds.example", "https://birds.example"},
		{" https://Birds.example/home ", "https://birds.example"},
		{"@kestrel_74@birds.example", "https://birds.example"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"http://birds.example", ""},
		{"http://10.0.0.1", ""},
		{"ftp://birds.example", ""},
		{"https://user:pass@birds.example/", ""},
		{"", ""},
		{"a b", ""},
	}
	for _, tt := range tests {
		got, err := mastodon.ServerURL(tt.typed)
		if got != tt.want || (err != nil) != (tt.want == "") || err != nil && !errors.Is(err, daybook.ErrInvalid) {
			t.Errorf("%q: got %q, %v; want %q", tt.typed, got, err, tt.want)
		}
	}
	// What is taken as a name is still not called when it is not public.
	config := mastodon.Config{Now: fakemastodon.New(fakemastodon.Options{}).Now}
	for _, typed := range []string{"127.0.0.1", "https://[::ffff:127.0.0.1]", "169.254.169.254"} {
		if _, err := config.Begin(t.Context(), typed, mastodon.OutOfBand); !errors.Is(err, collectors.ErrPrivateAddress) {
			t.Errorf("%s: got %v, want %v", typed, err, collectors.ErrPrivateAddress)
		}
	}
	if _, err := config.Begin(t.Context(), "http://127.0.0.1:1", mastodon.OutOfBand); err == nil {
		t.Error("loopback without the exception was called")
	}
}
