package store_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"daybook"
	"daybook/archive"
	"daybook/cases"
	"daybook/store"
)

// Within one case, no method that takes a case touches another one: each is
// called with it, however many there will be.
func TestNothingIsReadOutsideOfTheScope_D6(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *store.DB) {
		mine, other := caseOf(t, db), caseOf(t, db)
		a, agreed := newAccount(other, "mara")
		if err := db.PutAccount(t.Context(), a, agreed); err != nil {
			t.Fatal(err)
		}
		ctx := archive.Within(t.Context(), mine)
		caseID, context_ := reflect.TypeFor[daybook.CaseID](), reflect.TypeFor[context.Context]()
		v, called := reflect.ValueOf(db), 0
		for i := range v.NumMethod() {
			m := v.Type().Method(i)
			var args []reflect.Value
			takes := false
			for in := range m.Type.Ins() {
				switch in {
				case m.Type.In(0):
				case context_:
					args = append(args, reflect.ValueOf(ctx))
				case caseID:
					takes = true
					args = append(args, reflect.ValueOf(other))
				default:
					args = append(args, reflect.Zero(in))
				}
			}
			if !takes {
				continue
			}
			called++
			if m.Type.IsVariadic() {
				args = args[:len(args)-1]
			}
			out := v.Method(i).Call(args)
			if err, ok := out[len(out)-1].Interface().(error); !ok || !errors.Is(err, daybook.ErrForbidden) {
				t.Errorf("%s of another case: got %v, want ErrForbidden", m.Name, out[len(out)-1])
			}
		}
		if called < 30 {
			t.Errorf("%d methods were called: the test looks in the wrong place", called)
		}
		for what, err := range map[string]error{
			"a key":        second(db.Keys.Case(ctx, other)),
			"every case":   second(db.Cases(ctx)),
			"every grant":  second(db.Grants(ctx, "", "ana")),
			"account":      second(accountOnly(ctx, db, a.ID)),
			"a lane":       second(db.Lane(ctx, a.ID, "notifications")),
			"lanes":        second(db.Lanes(ctx, a.ID)),
			"a token":      second(db.CurrentToken(ctx, a.ID)),
			"a grant":      db.PutGrant(ctx, newGrant(other, "ana", cases.Reader, accountTime)),
			"a new token":  second(db.PutToken(ctx, a.ID, []byte("secret"), accountTime)),
			"as a whole":   archive.Allowed(ctx, ""),
			"made wider":   archive.Allowed(archive.Within(ctx, mine, other), other),
			"made smaller": archive.Allowed(archive.Within(ctx), mine),
		} {
			if !errors.Is(err, daybook.ErrForbidden) {
				t.Errorf("%s: got %v, want ErrForbidden", what, err)
			}
		}
		// What is within the scope goes on as before, and without one so does all.
		for what, err := range map[string]error{
			"own case":       second(db.Counts(ctx, mine)),
			"own key":        second(db.Keys.Case(ctx, mine)),
			"own grants":     second(db.Grants(ctx, mine, "")),
			"no scope":       second(db.Counts(t.Context(), other)),
			"scope of both":  second(db.Counts(archive.Within(t.Context(), mine, other), other)),
			"in an Update":   db.Update(ctx, func(ctx context.Context) error { return db.PutReview(ctx, mine, "ana", accountTime, 3) }),
			"same narrowing": archive.Allowed(archive.Within(ctx, mine, other), mine),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func accountOnly(ctx context.Context, db *store.DB, id daybook.AccountID) (daybook.Account, error) {
	a, _, err := db.HoldAccount(ctx, id)
	return a, err
}
