-- One line for each table of the database, with the number of its rows.
set search_path = pg_catalog;
select format('select count(*) from only %I.%I', nspname, relname)
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'm') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by nspname, relname
\gexec
