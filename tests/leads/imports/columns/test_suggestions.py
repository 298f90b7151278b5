"""The likely target of each column."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.lib.files.layout import Row
from leads.imports.columns import suggestions, targets
from leads.imports.columns.headers import NAMES
from leads.models import CustomField
from tests.factories import Cast

SPANISH = [
    "Nombre",
    "Apellidos",
    "Correo electrónico",
    "Teléfono móvil",
    "Cargo",
    "País",
    "Empresa",
    "Campaña",
]
ENGLISH = [
    "First Name",
    "Last Name",
    "E-mail",
    "Phone Number",
    "Job Title",
    "Country",
    "Company",
    "Campaign",
]


@pytest.mark.parametrize("header", [SPANISH, ENGLISH, [name.upper() for name in ENGLISH]])
def test_columns_are_known_by_their_names(header: list[str]) -> None:
    assert suggestions.suggest(header, [], []) == [
        "person.first_name",
        "person.last_name",
        "person.email",
        "person.phone",
        "person.job_title",
        "person.country",
        "company.name",
        "campaign",
    ]


def test_columns_are_known_by_their_cells() -> None:
    sample = [Row(2, ["a@b.mx", "+52 55 4000 1234", "andino.mx", "2026-03-02", "17"])] * 5
    assert suggestions.suggest(list("ABCDE"), sample, []) == [
        "person.email",
        "person.phone",
        "company.domain",
        "",
        "",
    ]


def test_second_column_of_a_name_is_left_to_the_person() -> None:
    assert suggestions.suggest(["Correo", "Email"], [], []) == ["person.email", ""]


def test_custom_fields_are_known_by_code_and_both_names(cast: Cast) -> None:
    from leads.models import CustomField

    customs = list(CustomField.objects.all())
    names = ["Presupuesto", "decides"]
    assert suggestions.suggest(names, [], customs) == ["attributes.budget", "attributes.decides"]


HEADERS_OF_TOOLS = [
    (
        "Nombre|Apellidos|Compañía / Cuenta|Correo electrónico|Móvil|Origen del candidato"
        "|Propietario de candidato|Fecha de creación",
        "person.first_name|person.last_name|company.name|person.email|person.phone|source||"
        "first_seen_on",
    ),
    (
        "Nombre de Posible cliente|Propietario de Posible cliente|Empresa|Fuente de Posible cliente"
        "|Nº de empleados|Hora de creación|Estado de Posible cliente",
        "person.name||company.name|source|company.employees|first_seen_on|stage",
    ),
    (
        "Persona - Nombre|Persona - Organización|Persona - Correo electrónico - Trabajo"
        "|Persona - Teléfono - Trabajo|Persona - Propietario",
        "person.name|company.name|person.email|person.phone|",
    ),
    (
        "Pessoa - Nome|Pessoa - Organização|Pessoa - E-mail - Trabalho"
        "|Pessoa - Telefone - Trabalho",
        "person.name|company.name|person.email|person.phone",
    ),
    (
        "nombre_completo|correo_electrónico|número_de_teléfono|nombre_de_la_empresa|cargo",
        "person.name|person.email|person.phone|company.name|person.job_title",
    ),
    (
        "Nome|Sobrenome|E-mail|Número de telefone|Proprietário do contato|Empresa associada"
        "|Data de criação|Fase do ciclo de vida|País/Região",
        "person.first_name|person.last_name|person.email|person.phone||company.name|first_seen_on"
        "|stage|person.country",
    ),
    (
        "Nombre|Apellidos|URL|Dirección de correo electrónico|Empresa|Cargo|Conectado el",
        "person.first_name|person.last_name|company.domain|person.email|company.name"
        "|person.job_title|first_seen_on",
    ),
    (
        "Nombre|Apellidos|Organización|Puesto|Teléfono del trabajo|Página web"
        "|País o región del trabajo|Notas",
        "person.first_name|person.last_name|company.name|person.job_title|person.phone"
        "|company.domain|person.country|note",
    ),
    (
        "Organization - Name|Organization - Address|Organization - Owner|Person - Name|Deal - Title"
        "|Lead - Title",
        "company.name|||person.name||",
    ),
    (
        "Id. de candidato|Nombre|Apellidos|Compañía|Origen del candidato|Estado de candidato",
        "external_id|person.first_name|person.last_name|company.name|source|stage",
    ),
    (
        "Nombre|Apellidos|Nombre de la organización|Correo electrónico 1 - Valor"
        "|Dirección 1 - País",
        "person.first_name|person.last_name|company.name|person.email|person.country",
    ),
    (
        "Persona - ID|Persona - Nombre|Persona - Persona creada|Persona - Propietario",
        "external_id|person.name|first_seen_on|",
    ),
    (
        "Deal - ID|Deal - Title|Deal - Stage|Deal - Organization|Deal - Contact person"
        "|Deal - Deal created|Deal - Owner",
        "|||company.name|person.name|first_seen_on|",
    ),
    (
        "Email|Nombre|Etapa en el embudo|Origen de la primera conversión",
        "person.email|person.name|stage|source",
    ),
    (
        "Nombre|Apellidos|Correo|Fuente original de tráfico",
        "person.first_name|person.last_name|person.email|source",
    ),
    (
        "Email|Organization|Registration Time|Country/Region Name",
        "person.email|company.name|first_seen_on|person.country",
    ),
]


@pytest.mark.parametrize(("header", "fields"), HEADERS_OF_TOOLS)
def test_headers_of_tools_in_spanish_and_portuguese_are_known(header: str, fields: str) -> None:
    assert suggestions.suggest(header.split("|"), [], []) == fields.split("|")


# -- Values beside headers


def suggested(header: list[str], *rows: list[str], actions: tuple[str, ...] = ()) -> list[str]:
    sample = [Row(number, row) for number, row in enumerate(rows, start=2)]
    return suggestions.suggest(header, sample, [], actions=actions)


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        (["Email", "Website"], [["a@b.mx", "a@b.mx"]], ["person.email", ""]),
        (["Nombre", "Website"], [["Ana", "ana@b.mx"]], ["person.name", "person.email"]),
        (["Name", "URL"], [["Ana", "https://linkedin.com/in/ana"]], ["person.name", ""]),
        # A filled column of another name beats an empty one with the name of the field.
        (
            ["Name", "Phone", "Nr"],
            [["Ana", "", "'+525540001234"]],
            ["person.name", "", "person.phone"],
        ),
        (
            ["Display Name", "Name", "Company Name", "Related Company"],
            [["Norte, Ana Ruiz", "Ana Ruiz", "", "Norte"]],
            ["", "person.name", "", "company.name"],
        ),
        (["Name", "Created on"], [["Ana", "46300"]], ["person.name", "first_seen_on"]),
        # Addresses in every form in which they are read.
        (["Correo"], [["Ana (ana@b.mx)"], ["Trabajo: leo@b.mx"]], ["person.email"]),
        (["Correo"], [["“ana@b.mx”"], ["ana@b.mx leo@b.mx"]], ["person.email"]),
        (
            ["Name", "Website"],
            [["Ana", "linkedin.com/company/b"]],
            ["person.name", ""],
        ),
        (["Name", "Web"], [["Ana", "fit.mexico.com"]], ["person.name", "company.domain"]),
        (["Name", "Web"], [["Ana", "https://www.facebook.com/b"]], ["person.name", ""]),
        (["Name", "Title"], [["Ana", "Dra."], ["Leo", "Sr."]], ["person.name", ""]),
        (["Title"], [["CEO"], ["CTO"], ["Dr."]], ["person.job_title"]),
        (["Name", "Level"], [["Ana", "02.Medium"]], ["person.name", ""]),
        (["Name", "Owner"], [["Ana", "rep@ours.mx"]], ["person.name", ""]),
        (["Name", "Fax"], [["Ana", "+52 55 4000 1234"]], ["person.name", ""]),
        (["Name", "Status"], [["Ana", "Active"]], ["person.name", ""]),
        (["Name", "Status"], [["Ana", "MQL"], ["Leo", "New"]], ["person.name", "stage"]),
        (["Name", "Estado"], [["Ana", "Jalisco"]], ["person.name", ""]),
        (["Name", "Email"], [["Grupo Norte SA", "a@b.mx"]], ["company.name", "person.email"]),
        (["Name", "Company"], [["Norte S.A. de C.V.", "Norte"]], ["", "company.name"]),
        (["Nombre", "Apellidos"], [["Ana", "Ruiz"]], ["person.first_name", "person.last_name"]),
        (["Nombre", "Apellidos"], [["Ana Ruiz", "Ruiz"]], ["person.name", "person.last_name"]),
        (
            ["Phone", "Mobile", "Name"],
            [["", "5540001234", "A"]],
            ["", "person.phone", "person.name"],
        ),
        (["Name", "Employees"], [["Ana", "Small"]], ["person.name", ""]),
        (["Name", "Size"], [["Ana", "11 a 50"]], ["person.name", "company.employees"]),
        (["Name", "Source"], [["Ana", "https://b.mx/a"], ["B", "b@b.mx"]], ["person.name", ""]),
        (["Name", "Created"], [["Ana", "Leo Ruiz"]], ["person.name", ""]),
        (["Name", "Id"], [["Ana", "1"], ["Leo", "1"], ["Eva", "1"]], ["person.name", ""]),
        (["Name", "Ref"], [["Ana", "128018025220350"]], ["person.name", ""]),
        (["Name", "Ratio"], [["Ana", "0.123456789"]], ["person.name", ""]),
        (["Name", "When"], [["Ana", "10.05.2026 17.11"]], ["person.name", ""]),
        (["Industry", "Prospect"], [["Retail", "Ana Ruiz"]], ["company.industry", "person.name"]),
        (["X", "Y"], [["a-1", "Retail"], ["a-2", "Retail"]], ["external_id", ""]),
    ],
)
def test_cells_have_to_fit_the_header(
    header: list[str], rows: list[list[str]], expected: list[str]
) -> None:
    assert suggested(header, *rows) == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(["add", "add"], ""), (["Pidió una demo", "add"], "first_action"), ([], "first_action")],
)
def test_column_of_actions_holds_actions_of_the_catalogue(cells: list[str], expected: str) -> None:
    rows = [["Ana", cell] for cell in cells]
    assert suggested(["Name", "Action"], *rows, actions=("pidio una demo",))[1] == expected


def test_custom_field_wins_over_a_known_header() -> None:
    custom = CustomField(code="alta", name={"es": "Fecha de alta"}, type="date")
    found = suggestions.suggest(["Nombre", "fecha_de_alta"], [], [custom])
    assert found == ["person.name", "attributes.alta"]


IDENTITY = [
    ("person.email", "ana{}@b.mx"),
    ("person.name", "Ana Ruiz {}"),
    ("person.phone", "+52 55 4000 12{:02}"),
    ("external_id", "x-{}"),
]
CELLS = [
    "",
    "a@b.mx",
    "Ana Ruiz",
    "+52 55 4000 1234",
    "b.mx",
    "2026-10-05",
    "17",
    "MX",
    "N/A",
    "SA",
]
ALL_HEADERS = sorted({name for names in NAMES.values() for name in re.split(r"\|+", names)})


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_own_check_never_refuses_our_suggestion(data: st.DataObject) -> None:
    field, form = data.draw(st.sampled_from(IDENTITY))
    identity = data.draw(st.sampled_from(NAMES[field].replace("||", "|").split("|")))
    others = data.draw(st.lists(st.sampled_from(ALL_HEADERS), max_size=12))
    header = data.draw(st.permutations([identity, *others]))
    rows = []
    for number in range(data.draw(st.integers(0, 4))):
        cells = [data.draw(st.sampled_from(CELLS)) for _name in header]
        cells[header.index(identity)] = form.format(number)
        rows.append(cells)
    found = suggested(header, *rows)
    assert len(found) == len(header)
    assert targets.check(found) == ""
