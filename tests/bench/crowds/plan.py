"""Names of people and companies for the crowd, and the table that plans each lead's life."""

from __future__ import annotations

FIRST = (
    "Ana María José Luis Mariana Joaquín Lucía Carlos Sofía Bruno Valentina Diego Camila "
    "Renata Héctor Paula Sebastián "
    "Daniela Ignacio Gabriela Óscar Fernanda Julián Teresa Marco Ximena Andrés Íngrid Raúl "
    "Begoña Iván Noemí Tomás "
    "Araceli Íñigo Mónica Rubén Zoë Úrsula Ángel Martín Inés Álvaro Nuria Germán Belén Jesús "
    "Rocío Víctor Adriana"
)
LAST = (
    "Peña Ibáñez Fernández Medina Rojas Cardoso Quispe Luna Torres Villalobos Zamora Ríos "
    "Prieto Mora Bravo Núñez "
    "Treviño Lima Cárdenas Aguirre Beltrán Castro Muñoz Gutiérrez Yáñez Ordóñez Ávila Páez "
    "Sáenz Echeverría Zúñiga "
    "Acuña Bermúdez Córdoba Domínguez Estévez Galván Hernández Jiménez Lázaro Marín Noguera "
    "Olmedo Pacheco Quiroga "
    "Rincón Sandoval Téllez Urrutia Vázquez Ybarra Zárate Arango Botero Cifuentes Durán "
    "Escobar Figueroa Garzón"
)
FORMS = (
    "Grupo Distribuidora Constructora Clínica Logística Textiles Farmacias Editorial Viajes "
    "Bodegas Seguros Estudio"
)
CORES = (
    "Andino Austral Bravo Cóndor Delfín Esmeralda Fénix Girasol Horizonte Índigo Jacarandá "
    "Kiwi Laurel Mirador Nogal "
    "Océano Pacífico Quetzal Ruiseñor Sierra Tucán Ñandú Volcán Yaguareté Zafiro Ámbar Bambú "
    "Cedro Duna Encina"
)
PLACES = (
    "Bajío Cuyo Maipo Quito Lima Cusco Bogotá Medellín Jalisco Sonora Yucatán Chiapas "
    "Rosario Salta Mendoza Arica "
    "Valdivia Iquique Loja Cuenca Trujillo Piura Cali Pasto Tulum Puebla Colima Tijuana "
    "Nogales Durango"
)

# The firm gets so many leads in two years, however long its past: a person has as much to do as
# ever. Every two years others sit at the same desks, and what their predecessors had has ended.
SHIFT_LEADS, SHIFT_DAYS = 100_000, 730
# So many leads does one rep work on among 100,000: a third of those that came before the recent
# ones.
BUSY, BUSY_SHARE = 1000, 0.32


def shifts(leads: int) -> int:
    """Return how many times two years ``leads`` leads take."""
    return max(1, leads // SHIFT_LEADS)


def leads_of_busy(leads: int) -> int:
    """Return how many leads came to the rep with very much to do, and to others meanwhile."""
    return round(BUSY / BUSY_SHARE * min(leads, SHIFT_LEADS) / SHIFT_LEADS)


# What every lead goes through. Leads are numbered by age; `h` numbers the handoffs, `t` is the
# sales team's place, `shift` says who sat at the desks.
PLAN = """
CREATE TEMP TABLE plan AS
WITH numbered AS (
    SELECT i, mod(i * 7919, 100) AS draw, i > %(leads)s - 2 * %(pending)s AS newest,
           i > %(leads)s - 2 * %(pending)s - %(recent)s - %(busy)s AS recent,
           i BETWEEN %(leads)s - 2 * %(pending)s - %(recent)s - %(busy)s + 1
               AND %(leads)s - 2 * %(pending)s - %(recent)s AS busy,
           ((i - 1) * %(shifts)s / %(leads)s)::int AS shift
    FROM generate_series(1::bigint, %(leads)s) AS i
), fated AS (
    SELECT *, CASE
        WHEN newest THEN CASE WHEN mod(i, 2) = 0 THEN 'pending' ELSE 'captured' END
        WHEN draw < 50 THEN 'captured' WHEN draw < 58 THEN 'mql' WHEN draw < 60 THEN 'withdrawn'
        WHEN draw < 68 THEN 'rejected'
        WHEN recent THEN CASE
            WHEN draw < 76 THEN 'accepted' WHEN draw < 86 THEN 'contacted' WHEN draw < 92 THEN 'sql'
            ELSE 'opportunity' END
        WHEN draw < 80 THEN 'won' WHEN draw < 92 THEN 'lost' ELSE 'disqualified' END AS fate
    FROM numbered
), counted AS (
    SELECT *, fate NOT IN ('captured', 'mql') AS passed,
           fate IN ('accepted', 'contacted', 'sql', 'opportunity') AS in_work,
           CASE WHEN fate = 'rejected' THEN CASE
               WHEN recent THEN CASE WHEN mod(i / 100, 8) = 0 THEN 'disputed' ELSE 'open' END
               WHEN mod(i / 100, 4) = 0 THEN 'recycled' ELSE 'closed' END END AS answer,
           current_date - %(days)s + (%(days)s * i / %(leads)s)::int AS seen_on,
           (row_number() OVER (PARTITION BY fate IN ('captured', 'mql') ORDER BY i)) AS row
    FROM fated
), placed AS (
    SELECT *, CASE WHEN passed THEN row END AS h,
           CASE WHEN busy AND in_work THEN 0 ELSE mod(row, %(teams)s)::int END AS t,
           (row / %(teams)s)::int AS k, mod(i, %(sources)s + 1)::int AS s
    FROM counted
), sent AS (
    SELECT *, CASE
        WHEN fate = 'pending' THEN now() - make_interval(mins => mod(i, 240)::int)
        WHEN fate IN ('accepted', 'contacted', 'sql', 'opportunity')
            THEN now() - make_interval(days => 8) - make_interval(mins => mod(i, 1400)::int)
        ELSE seen_on + interval '40 hours' + make_interval(mins => mod(i, 400)::int)
        END AS submitted_at
    FROM placed
), decided AS (
    SELECT *, submitted_at + make_interval(mins => mod(i * 31, 150)::int + 1) AS decided_at,
           (%(sales)s::bigint[])[t + 1] AS team_id,
           CASE WHEN busy AND in_work THEN %(busy_rep)s ELSE (%(reps)s::bigint[])[
               (shift * %(teams)s + t) * %(per_team)s + mod(k, %(per_team)s) + 1] END AS rep_id,
           (%(submitters)s::bigint[])[
               shift * %(marketing_teams)s + mod(i, %(marketing_teams)s) + 1] AS submitter_id,
           (%(marketing)s::bigint[])[mod(i, %(marketing_teams)s) + 1] AS marketing_id,
           CASE WHEN s > 0 THEN (%(source_ids)s::bigint[])[s] END AS source_id,
           (%(policies)s::bytea[])[t + 1] AS policy_ref,
           (%(calendars)s::bytea[])[t + 1] AS calendar_ref,
           fate IN ('accepted', 'contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified')
               AS was_accepted,
           fate IN ('contacted', 'sql', 'opportunity', 'won', 'lost', 'disqualified')
               AS was_contacted,
           fate IN ('sql', 'opportunity', 'won', 'lost') AS was_sql,
           fate IN ('opportunity', 'won', 'lost') AS was_opportunity,
           fate IN ('won', 'lost', 'disqualified') AS has_ended
    FROM sent
)
SELECT *, decided_at + make_interval(mins => mod(i * 17, 300)::int + 1) AS contacted_at,
       decided_at + interval '26 hours' AS sql_at,
       decided_at + interval '50 hours' AS opportunity_at,
       decided_at + make_interval(days => 3 + mod(i, 6)::int) AS ended_at
FROM decided
"""
