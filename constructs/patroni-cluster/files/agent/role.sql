-- A role that may log in. Variable of psql: role.
set search_path = pg_catalog;
select format('create role %I login', :'role')
where not exists (select from pg_roles where rolname = :'role')
\gexec
select format('alter role %I login', rolname)
from pg_roles
where rolname = :'role' and not rolcanlogin
\gexec
