-- Databases and roles that nobody declares any more, one JSON object a line: what, and the statement for a person.
-- Variables of psql: databases, roles (JSON arrays of names).
set search_path = pg_catalog;
select json_build_object(
  'what', format('the database %I is not declared', datname),
  'statement', format('drop database %I', datname)
)
from pg_database
where not datistemplate
  and datname <> 'postgres'
  and datname not in (select jsonb_array_elements_text(:'databases'::jsonb))
order by datname;
-- A role is dropped once nothing depends on it; in each database, what it owns is given away first.
select json_build_object(
  'what', format('the role %I is not declared', rolname),
  'statement', concat(
    (
      select string_agg(
        distinct format(
          'in %I: reassign owned by %I to %I; drop owned by %I; ', datname, rolname, pg_get_userbyid(datdba), rolname
        ), ''
      )
      from pg_shdepend
      join pg_database on pg_database.oid in (dbid, case when classid = 'pg_database'::regclass then objid end)
      where refclassid = 'pg_authid'::regclass
        and refobjid = pg_roles.oid
        and datname in (select jsonb_array_elements_text(:'databases'::jsonb))
    ),
    format('drop role %I', rolname)
  )
)
from pg_roles
where rolcanlogin
  and rolname <> 'postgres'
  and rolname not in (select jsonb_array_elements_text(:'roles'::jsonb))
order by rolname;
