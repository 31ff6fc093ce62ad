-- What the exporter may see. Variable of psql: monitoring (a role that exists).
set search_path = pg_catalog;
select format('grant pg_monitor to %I', :'monitoring')
where not pg_has_role(:'monitoring', 'pg_monitor', 'member')
\gexec
