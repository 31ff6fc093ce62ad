-- The databases somebody may connect to, each with its bytes, as one JSON object. Nobody can connect to -2, one that was
-- half removed.
select pg_catalog.json_object_agg(datname, pg_catalog.pg_database_size(oid))
from pg_catalog.pg_database
where datallowconn and not datistemplate and datconnlimit <> -2;
