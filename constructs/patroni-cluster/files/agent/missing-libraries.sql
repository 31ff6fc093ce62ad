-- Libraries that this server's image doesn't have, a line each. Variable of psql: libraries (a JSON array of names).
set search_path = pg_catalog;
select library
from jsonb_array_elements_text(:'libraries'::jsonb) as library
where library || '.so' not in (
  select pg_ls_dir(setting)
  from pg_config
  where name = 'PKGLIBDIR'
);
