-- One line for each table of the database that has rows, with their number: other servers have those of foreign tables,
-- partitions those of their parents, sessions that are gone those of temporary tables.
set search_path = pg_catalog;
select format('select count(*) from only %I.%I', nspname, relname)
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
where (relkind = 'r' or relkind = 'm' and relispopulated)
    and relpersistence <> 't'
    and nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by nspname, relname
\gexec
