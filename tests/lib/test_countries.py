"""Countries by every name that files have for them."""

from __future__ import annotations

import pytest
from babel import Locale

from crm.lib import countries


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("MX", "México|Mexico|MEX|mx|Méjico|Estados Unidos Mexicanos|México (MX)|MX - México"),
        ("US", "United States|United States of America|USA|U.S.A.|EE.UU.|EE. UU.|EUA|U.S."),
        (
            "US",
            "Estados Unidos|Estados Unidos de América|Estados Unidos da América|The United States",
        ),
        ("BR", "Brasil|Brazil|BRA|República Federativa do Brasil|Federative Republic of Brazil"),
        ("VE", "Venezuela|República Bolivariana de Venezuela|Venezuela (Bolivarian Republic of)"),
        ("VE", "Venezuela, Bolivarian Republic of|Bolivarian Republic of Venezuela"),
        ("BO", "Bolivia|Bolivia (Plurinational State of)|Estado Plurinacional de Bolivia|BOL"),
        ("BO", "Bolivia, Plurinational State of|Plurinational State of Bolivia"),
        ("UY", "Uruguay|República Oriental del Uruguay|Oriental Republic of Uruguay|Uruguai"),
        ("PE", "Perú|Peru|República del Perú|Republic of Peru"),
        ("CO", "Colombia|República de Colombia|Colômbia|COL"),
        ("DO", "República Dominicana|Dominican Republic|Rep. Dominicana|R. Dominicana"),
        ("GB", "United Kingdom|UK|U.K.|England|Reino Unido|Gran Bretaña|Great Britain|GBR"),
        ("DE", "Alemania|Germany|Alemanha|Federal Republic of Germany|DEU"),
        ("ES", "España|Spain|Espanha|Reino de España|Kingdom of Spain"),
        ("KR", "South Korea|Corea del Sur|Coreia do Sul|Republic of Korea|Korea, Republic of"),
        ("KP", "North Korea|Democratic People's Republic of Korea"),
        ("CD", "Democratic Republic of the Congo|Congo, Democratic Republic of the"),
        ("CG", "Republic of the Congo|Congo-Brazzaville"),
        ("CN", "China|People's Republic of China|República Popular China"),
        ("TW", "Taiwan|Republic of China|Taiwán"),
        ("NL", "Netherlands|The Netherlands|Holanda|Países Bajos|Países Baixos"),
        ("CZ", "Czechia|Czech Republic|República Checa|Tchéquia"),
        ("TR", "Turkey|Türkiye|Turquía|Turquia"),
        ("CI", "Côte d'Ivoire|Ivory Coast|Costa de Marfil|Costa do Marfim"),
        ("VN", "Viet Nam|Vietnam"),
        ("RU", "Russian Federation|Russia|Rusia|Rússia"),
        ("NA", "NA|Namibia"),
        ("NO", "NO|Noruega|Norway"),
        ("", "Atlantis|XX|ZZ|LATAM|Georgia, USA|España o Portugal|-|Republic of|México / Perú"),
    ],
)
def test_country_is_found_by_each_of_its_names(code: str, texts: str) -> None:
    assert {text: countries.find(text) for text in texts.split("|")} == dict.fromkeys(
        texts.split("|"), code
    )


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_every_country_is_found_by_its_name_in_three_languages(language: str) -> None:
    names = {code: Locale.parse(language).territories[code] for code, _name in countries.choices()}
    assert {code: countries.find(name) for code, name in names.items()} == {
        code: code for code in names
    }
