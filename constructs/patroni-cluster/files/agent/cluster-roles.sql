-- What Patroni and the exporter may do. Variables of psql: replication, rewind, monitoring (roles that exist).
set search_path = pg_catalog;
select format('alter role %I replication', rolname)
from pg_roles
where rolname = :'replication' and not rolreplication
\gexec
-- What pg_rewind reads of the other member.
select format('grant execute on function pg_catalog.%s to %I', signature, :'rewind')
from unnest(array[
  'pg_ls_dir(text, boolean, boolean)',
  'pg_stat_file(text, boolean)',
  'pg_read_binary_file(text)',
  'pg_read_binary_file(text, bigint, bigint, boolean)'
]) as signature
where not has_function_privilege(:'rewind', signature, 'execute')
\gexec
select format('grant pg_monitor to %I', :'monitoring')
where not pg_has_role(:'monitoring', 'pg_monitor', 'member')
\gexec
