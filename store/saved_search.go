package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"daybook"
	"daybook/cases"
)

// savedWords is what of a saved search is sealed. User stands in it, so that a
// row that was moved to somebody else does not open as theirs.
type savedWords struct {
	User  string `json:"user"`
	Name  string `json:"name"`
	Words string `json:"words"`
}

// PutSavedSearch adds or replaces a search that a user keeps.
func (db *DB) PutSavedSearch(ctx context.Context, s cases.SavedSearch) error {
	key, err := db.Keys.Case(ctx, s.Case)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(savedWords{s.User, s.Name, s.Words})
	if err != nil {
		return fmt.Errorf("keep a search: %w", err)
	}
	_, err = db.to(ctx).ExecContext(ctx, `INSERT INTO saved_search (id, case_id, user_id, made, looked, found, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET looked = excluded.looked, found = excluded.found, sealed = excluded.sealed`,
		s.ID, string(s.Case), s.User, micros(s.Made), micros(s.Looked), int64(s.Found), key.Seal("saved_search/"+s.ID, plain))
	if err != nil {
		return fmt.Errorf("keep a search: %w", err)
	}
	return nil
}

// SavedSearches returns what a user keeps in a case, oldest first.
func (db *DB) SavedSearches(ctx context.Context, c daybook.CaseID, user string) ([]cases.SavedSearch, error) {
	key, err := db.Keys.Case(ctx, c)
	if err != nil {
		return nil, err
	}
	rows, err := db.from(ctx).QueryContext(ctx, `SELECT id, made, looked, found, sealed FROM saved_search
		WHERE case_id = $1 AND user_id = $2 ORDER BY made, id`, string(c), user)
	if err != nil {
		return nil, fmt.Errorf("list searches: %w", err)
	}
	defer rows.Close()
	var out []cases.SavedSearch
	for rows.Next() {
		var (
			made, looked int64
			sealed       []byte
			words        savedWords
			s            = cases.SavedSearch{Case: c, User: user}
		)
		if err := rows.Scan(&s.ID, &made, &looked, &s.Found, &sealed); err != nil {
			return nil, fmt.Errorf("list searches: %w", err)
		}
		plain, err := key.Open("saved_search/"+s.ID, sealed)
		if err == nil {
			err = json.Unmarshal(plain, &words)
		}
		if err == nil && words.User != user {
			err = errors.New("it is another user’s")
		}
		if err != nil {
			return nil, fmt.Errorf("open search %s: %w", s.ID, err)
		}
		s.Name, s.Words, s.Made, s.Looked = words.Name, words.Words, fromMicros(made), fromMicros(looked)
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list searches: %w", err)
	}
	return out, nil
}

// DropSavedSearch forgets a search; daybook.ErrNotFound if the user keeps none
// of this id in the case.
func (db *DB) DropSavedSearch(ctx context.Context, c daybook.CaseID, user, id string) error {
	if err := inScope(ctx, c); err != nil {
		return err
	}
	res, err := db.to(ctx).ExecContext(ctx, `DELETE FROM saved_search WHERE id = $1 AND case_id = $2 AND user_id = $3`, id, string(c), user)
	if err != nil {
		return fmt.Errorf("forget a search: %w", err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = daybook.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("forget a search: %w", err)
	}
	return nil
}
