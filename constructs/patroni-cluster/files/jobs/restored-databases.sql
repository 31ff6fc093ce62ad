-- The databases somebody may connect to, each with its bytes, as one JSON object.
select pg_catalog.json_object_agg(datname, pg_catalog.pg_database_size(oid))
from pg_catalog.pg_database
where datallowconn and not datistemplate;
