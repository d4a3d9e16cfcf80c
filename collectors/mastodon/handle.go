package mastodon

import (
	"strings"

	"daybook"
)

// A handle's Native is the actor's URI where the server tells it (Mastodon),
// else the account name completed with its domain (GoToSocial). The completed
// name is always in Names: it is the alias by which the two forms of one
// account can be brought together, and a mention, which never has the URI, be
// matched with its account.
func handleOf(uri, acct, display, domain string) daybook.Handle {
	name := complete(acct, domain)
	h := daybook.Handle{
		Platform: Platform,
		Native:   uri,
		// The server empties the profile of an account that the person
		// blocks: then there is no display name, rather than an empty one.
		Names: []daybook.SeenName{{Account: name, Display: display}},
	}
	if h.Native == "" {
		h.Native = strings.ToLower(name)
	}
	return h
}

// complete adds the server's domain to the name of an account that lives on it.
func complete(acct, domain string) string {
	if acct == "" || strings.Contains(acct, "@") {
		return acct
	}
	return acct + "@" + domain
}

// accountDomain returns the domain that completes names on the person's server:
// that of their own name.
func accountDomain(a daybook.Account) string {
	for _, n := range a.Handle.Names {
		if _, domain, ok := strings.Cut(n.Account, "@"); ok {
			return domain
		}
	}
	if _, domain, ok := strings.Cut(a.Handle.Native, "@"); ok && !strings.Contains(domain, "/") {
		return domain
	}
	_, host, _ := strings.Cut(a.Server, "://")
	return host
}

func (a jsonAccount) handle(domain string) daybook.Handle {
	return handleOf(a.URI, a.Acct, a.DisplayName, domain)
}

func (a jsonAccount) same(b jsonAccount) bool { return a.ID == b.ID && a.Acct == b.Acct }

func (p *parser) selfName() string {
	for _, n := range p.self.Handle.Names {
		if n.Account != "" {
			return n.Account
		}
	}
	return p.self.Handle.Native
}

func (p *parser) isSelf(a jsonAccount) bool {
	return a.URI != "" && a.URI == p.self.Handle.Native ||
		a.Acct != "" && strings.EqualFold(complete(a.Acct, p.domain), p.selfName())
}

// mentioned makes the handle of somebody whom a status names: in full if the
// capture shows their account anywhere, else by name.
func (p *parser) mentioned(s *jsonStatus, m jsonMention) daybook.Handle {
	if m.ID != "" && m.ID == s.Account.ID {
		return s.Account.handle(p.domain)
	}
	for _, a := range p.known {
		if m.ID != "" && a.ID == m.ID {
			return a.handle(p.domain)
		}
	}
	return handleOf("", m.Acct, "", p.domain)
}
