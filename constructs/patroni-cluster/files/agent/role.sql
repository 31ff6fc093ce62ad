-- A role that may log in, and nothing beyond: not what somebody allowed it by hand, in an hour of need, or forbade it.
-- Variables of psql: role, replication (replication or noreplication), connections (-1 for as many as there are), member
-- (the role that it is a member of, or none).
set search_path = pg_catalog;
select format('create role %I login', :'role')
where not exists (select from pg_roles where rolname = :'role')
\gexec
select format(
  'alter role %I login nosuperuser nocreatedb nocreaterole nobypassrls %s connection limit %s valid until %L',
  rolname, :'replication', :'connections', 'infinity'
)
from pg_roles
where rolname = :'role' and (
  not rolcanlogin or rolsuper or rolcreatedb or rolcreaterole or rolbypassrls
  or rolreplication <> (:'replication' = 'replication')
  or rolconnlimit <> :'connections'::integer
  or rolvaliduntil < 'infinity'
)
\gexec
-- A member of the owner could change tables.
select format(
  'revoke %I from %I %s cascade', pg_get_userbyid(roleid), :'role', 'granted by ' || quote_ident(pg_roles.rolname)
)
from pg_auth_members
-- Until 15, who granted it may be gone.
left join pg_roles on pg_roles.oid = grantor
where member = to_regrole(quote_ident(:'role'))
  and pg_get_userbyid(roleid) <> :'member'
\gexec
