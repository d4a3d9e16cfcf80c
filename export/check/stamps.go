package check

import (
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"strings"
	"time"

	"daybook"
)

// checkStamps checks the time stamps over the checkpoint and over earlier ones.
// Only the first speak for the bundle.
func (c *checker) checkStamps() error {
	for _, e := range c.bundle.earlier {
		size, ok := whole(e["size"])
		known, there := c.earlier[size]
		if !ok || !there {
			continue
		}
		r := reading{where: "data/bundle.json"}
		for _, t := range r.objects(e, "time_stamps") {
			if _, err := c.step(c.checkStamp(known.name, strings.TrimSuffix(known.name, "checkpoint"), t)); err != nil {
				return err
			}
		}
		if r.err != nil {
			return r.err
		}
	}
	for _, t := range c.bundle.timeStamps {
		if _, err := c.step(c.checkStamp("data/log/checkpoint", "data/log/", t)); err != nil {
			return err
		}
	}
	return nil
}

var stampName = regexp.MustCompile(`^[a-z0-9-]+\.tsr$`)

// checkStamp checks one time stamp over the bytes of a checkpoint.
func (c *checker) checkStamp(over, prefix string, said object) error {
	newest := over == "data/log/checkpoint"
	r := reading{where: "data/bundle.json"}
	t := TimeStamp{Authority: r.text(said, "authority"), State: r.text(said, "state"), Over: over}
	if r.err != nil {
		return r.err
	}
	if t.State != "stamped" {
		t.State = "pending"
		c.report.TimeStamps = append(c.report.TimeStamps, t)
		if newest {
			c.report.Pending++
		}
		return nil
	}
	token, chain, at := r.text(said, "token"), r.text(said, "chain"), r.text(said, "at")
	if r.err != nil {
		return r.err
	}
	name, ok := strings.CutPrefix(token, prefix)
	if !ok || !stampName.MatchString(name) || chain != strings.TrimSuffix(token, "tsr")+"pem" {
		return bad{r.where, "a time stamp has no fitting files"}
	}
	c.kept[token], c.kept[chain] = true, true
	signed, err := c.files.read(over, maxNote)
	if err != nil {
		return err
	}
	data, err := c.files.read(token, maxToken)
	if err != nil {
		return err
	}
	certificates, err := c.files.read(chain, maxToken)
	if err != nil {
		return err
	}
	t.State, t.Root = "not checked", rootFingerprint(certificates)
	if c.o.Stamp != nil {
		when, trusted, err := c.o.Stamp(data, signed, certificates)
		if err != nil {
			return bad{token, "it is not a time stamp over this checkpoint, or its signature does not fit"}
		}
		if said, err := time.Parse(time.RFC3339Nano, at); err != nil || !when.IsZero() && !said.Truncate(time.Second).Equal(when.Truncate(time.Second)) {
			return bad{token, "its time is not the one in bundle.json"}
		}
		t.At, t.State = when.UTC().Truncate(time.Second).Format(time.RFC3339), "not trusted"
		if when.IsZero() {
			t.At = ""
		}
		if trusted {
			t.State = "trusted"
		}
		if trusted && newest {
			c.report.Speaks = append(c.report.Speaks, "a time stamp of "+t.At+" under a root that you trust: it was there by then, whoever made it")
		}
	}
	c.report.TimeStamps = append(c.report.TimeStamps, t)
	return nil
}

// rootFingerprint returns the SHA-256 of the last certificate that signs itself,
// else of the last one: to be compared with what an authority publishes.
func rootFingerprint(certificates []byte) string {
	found, last := "", "none"
	for {
		var block *pem.Block
		if block, certificates = pem.Decode(certificates); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		last = daybook.DigestOf(block.Bytes).String()
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && string(cert.RawIssuer) == string(cert.RawSubject) {
			found = last
		}
	}
	if found == "" {
		return last
	}
	return found
}
