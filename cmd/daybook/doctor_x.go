package main

import (
	"context"
	"fmt"
	"time"

	"daybook"
	"daybook/collectors/twitter"
)

// diagnoseX looks at the settings for accounts on X.
func (a *app) diagnoseX() []diagnosis {
	x := a.cfg.X
	if !x.Enabled {
		return nil // usual; accounts that wait for it are named by themselves
	}
	var out []diagnosis
	if x.API == twitter.V2 {
		out = append(out, check(x.ClientID != "", "accounts on X can be connected", "set client_id under [x] to the OAuth 2.0 client ID of your app at X"))
		back := x.Back
		if a.cfg.Web.URL != "" {
			back = a.cfg.Web.Address("").JoinPath("back").String() + " and " + back
		}
		out = append(out, diagnosis{"X sends people back here", true, "the app's settings at X have to name, exactly like this: " + back})
	}
	if x.Activity {
		out = append(out, check(x.Bearer != "", "the stream of X Activity can be listened to", "name the file with the app's bearer token: bearer_file under [x]"))
	}
	if x.Approval == "" {
		out = append(out, diagnosis{"what X's interface gave is not shown to people who work for public bodies", true, "X has to approve that in writing; its reference is approval under [x]. What people add as files is shown"})
	}
	return out
}

// diagnoseXAccount looks at what the reading of an account costs, and whether it
// waits for something.
func (a *app) diagnoseXAccount(ctx context.Context, account daybook.Account) ([]diagnosis, error) {
	if account.Platform != twitter.Platform || account.State != daybook.Active {
		return nil, nil
	}
	name := fmt.Sprintf("case %s: account %s", account.Case, account.ID)
	if !a.cfg.X.Enabled {
		return []diagnosis{check(false, name+" waits: accounts on X are switched off", "set enabled = true under [x], or end it: daybook withdraw --account "+string(account.ID))}, nil
	}
	cost, err := a.xCost(ctx, account)
	if err != nil || cost == nil {
		return nil, err
	}
	what := fmt.Sprintf("%s has cost %s this month, by daybook's own count", name, cost.Month)
	if cost.Estimate != "" {
		what += fmt.Sprintf("; about %s a month at this rate", cost.Estimate)
	}
	_, next := twitter.Month(a.clock())
	return []diagnosis{check(!cost.Reached, what, fmt.Sprintf("its cap of %s is reached, and nothing is read until %s: raise monthly_cap under [x] if it may cost more",
		cost.Cap, next.Format(time.DateOnly)))}, nil
}
