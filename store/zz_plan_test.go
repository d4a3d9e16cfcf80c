package store_test
import ("testing";"path/filepath";"database/sql";"encoding/hex";"fmt";"daybook/store")
func TestZZPlan(t *testing.T){
 path,key:=filepath.Join(t.TempDir(),"d.db"),newKey()
 db,_:=store.OpenSQLite(t.Context(),path,key)
 c:=emptyCase(t,db); handle(t,db.Messages(nil),c,benchStory(0,300)); db.Close()
 k:=key.Derive("daybook/sqlite/v1")
 r,_:=sql.Open("sqlite3","file:"+path+"?vfs=adiantum&hexkey="+hex.EncodeToString(k[:]))
 for _,q:=range []string{
 `SELECT string_agg(fact, ',') FROM message WHERE case_id = $1 AND id >= $2 AND id < $3 AND captures > 0`,
 `SELECT MAX(id) FROM message WHERE case_id = $1`,
 `SELECT COUNT(*) FROM message WHERE case_id = $1 AND captures > 0`,
 `SELECT sender, COUNT(*), MIN(sent), MAX(sent) FROM message WHERE case_id = $1 AND captures > 0 GROUP BY sender`,
 `SELECT id, entry FROM message_capture WHERE case_id = $1 AND id IN (1,2,3)`,
 `SELECT m.id, s.sealed FROM message m JOIN message_content s ON s.case_id = m.case_id AND s.id = m.id WHERE m.case_id = $1 AND m.captures > 0 AND m.id >= $2 AND m.id < $3 AND m.first_entry >= $4 AND m.versions > 1`,
 `SELECT m.id, s.sealed FROM message m JOIN message_content s ON s.case_id = m.case_id AND s.id = m.id WHERE m.case_id = $1 AND m.captures > 0 AND m.id IN (SELECT id FROM message_capture WHERE case_id = $2 AND entry >= $3 AND entry < $4) AND m.versions > 1`,
 `SELECT m.id, s.sealed FROM message m JOIN message_content s ON s.case_id = m.case_id AND s.id = m.id WHERE m.case_id = $1 AND m.captures > 0 AND m.id = $2`,
 }{
  rows,err:=r.Query("EXPLAIN QUERY PLAN "+q, "a","a","a","a","a","a","a"); if err!=nil { rows,err=r.Query("EXPLAIN QUERY PLAN "+q) }
  if err!=nil {fmt.Println(q,err);continue}
  fmt.Println(q)
  for rows.Next(){ var a,b,cc any; var s string; rows.Scan(&a,&b,&cc,&s); fmt.Println("   ",s)}
  rows.Close()
 }
}
