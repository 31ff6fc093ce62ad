-- The same for what is in a database: extensions, older ones than the image brings, indexes that its libraries sort
-- otherwise, and what another role owns.
-- Variables of psql: database, owner, extensions (a JSON array of names).
set search_path = pg_catalog;
-- What the owner made is the owner's business, as are those that another one needs.
select json_build_object(
  'what', format('the extension %I of %I is not declared', extname, :'database'),
  'statement', format('in %I: drop extension %I', :'database', extname)
)
from pg_extension
where extowner <> to_regrole(quote_ident(:'owner'))
  and extname <> 'plpgsql'
  and extname not in (select jsonb_array_elements_text(:'extensions'::jsonb))
  and not exists (
    select
    from pg_depend
    where classid = 'pg_extension'::regclass
      and refclassid = 'pg_extension'::regclass
      and refobjid = pg_extension.oid
  )
order by extname;
-- Nothing leads back from an update, and the files of the image before don't know its functions.
select json_build_object(
  'what', format(
    'the extension %I of %I is %s, and the image brings %s', extname, :'database', extversion, default_version
  ),
  'statement', case
    when exists (
      select
      from pg_extension_update_paths(extname)
      where source = extversion and target = default_version and path is not null
    ) then format('in %I: alter extension %I update', :'database', extname)
    else 'none: no update leads there; an image that is newer does'
  end
)
from pg_extension
join pg_available_extensions on name = extname
where extversion <> default_version
order by extname;
-- With another version of the library an index may miss rows that are there, and a unique one may take them twice.
select json_build_object(
  'what', format(
    'indexes of %I, such as %s, are sorted by %I %s, and the image brings %s',
    :'database', min(indexrelid::regclass::text), collname, collversion, pg_collation_actual_version(pg_collation.oid)
  ),
  'statement', format('in %I: ', :'database')
    || string_agg(format('reindex index %s; ', indexrelid::regclass), '' order by indexrelid::regclass::text)
    || format('alter collation %I.%I refresh version', nspname, collname)
)
from pg_collation
join pg_namespace on pg_namespace.oid = collnamespace
join pg_index on pg_collation.oid = any(indcollation)
where collversion <> pg_collation_actual_version(pg_collation.oid)
group by pg_collation.oid, nspname
order by collname;
select json_build_object(
  'what', format('%s of %I, such as %s, belong to %I', count(*), :'database', min(oid::regclass::text), role),
  'statement', format('in %I: ', :'database') || string_agg(format('alter table %s owner to %I', oid::regclass, :'owner'), '; ')
)
from (
  select oid, pg_get_userbyid(relowner) as role
  from pg_class
  where relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and relowner <> to_regrole(quote_ident(:'owner'))
    and relpersistence <> 't'
    and relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')
    -- Not what belongs to an extension, nor sequences of columns, which follow their table.
    and not exists (
      select
      from pg_depend
      where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype in ('e', 'a', 'i')
    )
) as others
group by role;
