-- A database that only its own two roles may enter, and the one that reads its numbers if somebody let it.
-- Variables of psql: database, owner, user (roles that exist), monitoring.
-- Everything asks first: a grant that is there would be written, and sent to the standby, all the same.
set search_path = pg_catalog;
-- Not of template1, where somebody may be, or have been.
select format('create database %I owner %I template template0', :'database', :'owner')
where not exists (select from pg_database where datname = :'database')
\gexec
select format('alter database %I owner to %I', :'database', :'owner')
from pg_database
where datname = :'database' and pg_get_userbyid(datdba) <> :'owner'
\gexec
select format('revoke all on database %I from public', :'database')
where has_database_privilege('public', :'database', 'connect, temporary')
\gexec
-- Whoever owned it before, or worked on it.
select distinct format('revoke all on database %I from %I cascade', :'database', pg_get_userbyid(grantee))
from pg_database, aclexplode(datacl)
where datname = :'database'
  and grantee <> 0
  and pg_get_userbyid(grantee) not in (:'owner', :'user', :'monitoring', 'postgres')
\gexec
select format('grant connect, temporary on database %I to %I', :'database', :'user')
where not has_database_privilege(:'user', :'database', 'connect')
  or not has_database_privilege(:'user', :'database', 'temporary')
\gexec
