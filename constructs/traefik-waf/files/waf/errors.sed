# nginx's errors without what clients wrote behind a path, and without ModSecurity's own lines, which log.awk tells.
/ ModSecurity: /d
s/((request|upstream|referrer): "[^"?]*)\?[^"]*"/\1"/g
