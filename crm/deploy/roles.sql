-- Run once by the PostgreSQL image, as its superuser, when the volume is empty. The same roles as crm/deploy/embedded.py
-- makes: relevo_owner owns the tables and migrates, relevo_app runs the product and cannot change what is append-only.
\set ON_ERROR_STOP on
\getenv owner_password RELEVO_OWNER_PASSWORD
\getenv app_password RELEVO_APP_PASSWORD
CREATE ROLE relevo_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE relevo_app LOGIN NOINHERIT PASSWORD :'app_password';
GRANT relevo_app TO relevo_owner;
CREATE DATABASE relevo OWNER relevo_owner;
REVOKE CONNECT, TEMPORARY ON DATABASE relevo FROM PUBLIC;
GRANT CONNECT ON DATABASE relevo TO relevo_app;
