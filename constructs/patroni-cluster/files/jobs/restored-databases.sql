-- The databases somebody may connect to, each with its bytes, as one JSON object. One whose DROP was cut short, -2, can only
-- be dropped.
select pg_catalog.json_object_agg(datname, pg_catalog.pg_database_size(oid))
from pg_catalog.pg_database
where datallowconn and not datistemplate and datconnlimit <> -2;
