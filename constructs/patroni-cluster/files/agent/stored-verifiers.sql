-- The verifier of every role that has one, as one JSON object.
set search_path = pg_catalog;
select json_object_agg(rolname, rolpassword)
from pg_authid
where rolpassword is not null;
