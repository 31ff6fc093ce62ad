-- What pg_rewind reads of the other member. Variable of psql: rewind (a role that exists).
set search_path = pg_catalog;
select format('grant execute on function pg_catalog.%s to %I', signature, :'rewind')
from unnest(array[
  'pg_ls_dir(text, boolean, boolean)',
  'pg_stat_file(text, boolean)',
  'pg_read_binary_file(text)',
  'pg_read_binary_file(text, bigint, bigint, boolean)'
]) as signature
where not has_function_privilege(:'rewind', signature, 'execute')
\gexec
