-- A database that only its own two roles may enter. Variables of psql: database, owner, user (roles that exist).
-- Everything asks first: a grant that is there would be written, and sent to the standby, all the same.
set search_path = pg_catalog;
select format('create database %I owner %I', :'database', :'owner')
where not exists (select from pg_database where datname = :'database')
\gexec
select format('alter database %I owner to %I', :'database', :'owner')
from pg_database
where datname = :'database' and pg_get_userbyid(datdba) <> :'owner'
\gexec
select format('revoke all on database %I from public', :'database')
where has_database_privilege('public', :'database', 'connect, temporary')
\gexec
select format('grant connect, temporary on database %I to %I', :'database', :'user')
where not has_database_privilege(:'user', :'database', 'connect')
  or not has_database_privilege(:'user', :'database', 'temporary')
\gexec
