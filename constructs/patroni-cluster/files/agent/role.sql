-- A role that may log in, and nothing beyond: not what somebody allowed it by hand, in an hour of need.
-- Variables of psql: role, replication (replication or noreplication), connections (-1 for as many as there are).
set search_path = pg_catalog;
select format('create role %I login', :'role')
where not exists (select from pg_roles where rolname = :'role')
\gexec
select format(
  'alter role %I login nosuperuser nocreatedb nocreaterole nobypassrls %s connection limit %s',
  rolname, :'replication', :'connections'
)
from pg_roles
where rolname = :'role' and (
  not rolcanlogin or rolsuper or rolcreatedb or rolcreaterole or rolbypassrls
  or rolreplication <> (:'replication' = 'replication')
  or rolconnlimit <> :'connections'::integer
)
\gexec
