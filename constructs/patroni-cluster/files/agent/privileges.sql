-- What the user may do with the owner's schemas, tables and sequences, those of today and of tomorrow.
-- Runs in the database. Variables of psql: owner, user (roles that exist).
set search_path = pg_catalog;
select format('grant usage on schema public to %I', :'user')
where not exists (
  select
  from pg_namespace, aclexplode(nspacl) as granted
  where nspname = 'public' and granted.grantee = to_regrole(quote_ident(:'user'))
)
\gexec
select format('grant usage on schema %I to %I', nspname, :'user')
from pg_namespace
where nspowner = to_regrole(quote_ident(:'owner'))
  and nspname !~ '^pg_'
  and not has_schema_privilege(:'user', oid, 'usage')
\gexec
select format('alter default privileges for role %I grant %s to %I', :'owner', privileges, :'user')
from (values
  ('select, insert, update, delete on tables', 'r', 4),
  ('usage, select, update on sequences', 'S', 3),
  ('usage on schemas', 'n', 1)
) as wanted (privileges, kind, number)
where number > (
  select count(distinct granted.privilege_type)
  from pg_default_acl, aclexplode(defaclacl) as granted
  where defaclrole = to_regrole(quote_ident(:'owner'))
    and defaclnamespace = 0
    and defaclobjtype = kind
    and granted.grantee = to_regrole(quote_ident(:'user'))
)
\gexec
select format('grant select, insert, update, delete on table %s to %I', oid::regclass, :'user')
from pg_class
where relkind in ('r', 'p', 'v', 'm', 'f')
  and relowner = to_regrole(quote_ident(:'owner'))
  and relpersistence <> 't'
  and not (
    has_table_privilege(:'user', oid, 'select')
    and has_table_privilege(:'user', oid, 'insert')
    and has_table_privilege(:'user', oid, 'update')
    and has_table_privilege(:'user', oid, 'delete')
  )
\gexec
select format('grant usage, select, update on sequence %s to %I', oid::regclass, :'user')
from pg_class
where relkind = 'S'
  and relowner = to_regrole(quote_ident(:'owner'))
  and relpersistence <> 't'
  and not (
    has_sequence_privilege(:'user', oid, 'usage')
    and has_sequence_privilege(:'user', oid, 'select')
    and has_sequence_privilege(:'user', oid, 'update')
  )
\gexec
