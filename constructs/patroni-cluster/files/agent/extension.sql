-- An extension, with those it needs. Runs in the database. Variable of psql: extension.
set search_path = public;
select pg_catalog.format('create extension %I cascade', :'extension')
where not exists (select from pg_catalog.pg_extension where extname = :'extension')
\gexec
