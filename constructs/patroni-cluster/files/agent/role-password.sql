-- Another password. Variables of psql: role, verifier (what PostgreSQL stores, not the password).
set search_path = pg_catalog;
alter role :"role" password :'verifier';
