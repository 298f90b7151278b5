"""Stages as other tools name them: "Marketing Qualified Lead", "Lead Qualificado"."""

from __future__ import annotations

from crm.lib.text import squeezed
from leads.imports.notes import Noted
from leads.imports.parsers import BadCell, Style, quoted
from leads.imports.problems import deferred as _
from leads.states import Stage

# The names of each stage, in English, Spanish and Portuguese, without spaces and signs at reading.
NAMES: dict[Stage, str] = {
    Stage.CAPTURED: (
        "captured|captado|capturado|lead|new|new lead|nuevo|nuevo lead|novo|open|abierto|aberto"
        "|open not contacted|abierto no contactado|aberto nao contatado|not contacted"
        "|sin contactar|no contactado"
        "|raw|subscriber|suscriptor|assinante|inquiry"
        "|prospect|prospecto|contato|visitor|unqualified lead|in progress|working|en proceso"
    ),
    Stage.MQL: (
        "mql|marketing qualified lead|marketing qualified|lead calificado|lead cualificado"
        "|lead calificado por marketing|lead"
        " cualificado por marketing|prospecto calificado por marketing|lead calificado para"
        " marketing|lead qualificado pelo marketing|lead qualificado|marketingqualifiedlead"
    ),
    Stage.HANDED_OFF: "handed off|traspasado|handed to sales|sent to sales|enviado a ventas",
    Stage.ACCEPTED: (
        "accepted|aceptado|aceito|sal|sales accepted lead|lead aceptado por ventas"
        "|prospecto aceptado por ventas|lead aceito por vendas"
    ),
    Stage.CONTACTED: (
        "contacted|contactado|contatado|working contacted|in contact|en contacto|connected"
        "|conectado|first contact|primer contacto"
    ),
    Stage.SQL: (
        "sql|sales qualified lead|sales qualified|lead calificado por ventas|lead cualificado por"
        " ventas|prospecto calificado por ventas|lead calificado para ventas|lead qualificado por"
        " vendas|salesqualifiedlead"
    ),
    Stage.OPPORTUNITY: "opportunity|oportunidad|oportunidade|opp",
}
# Outcomes come in a file of their own, with who won and for how much.
OUTCOMES = (
    "customer|cliente|client|won|ganado|ganho|closed won|cerrada ganada|cerrado ganado|lost|perdido"
    "|perdida|closed lost|cerrada perdida|cerrado perdido|evangelist|evangelista|promotor"
)
# Ways out of a list of leads; such a lead begins anew here, because nobody has decided on it.
WAYS_OUT = (
    "returned|devuelto|devuelta|sent back|rejected|rechazado|rechazada|rejeitado|disqualified"
    "|descartado|descartada|descalificado|desqualificado|unqualified|no calificado|nao qualificado"
    "|closed|cerrado|cerrada|fechado|recycled|reciclado|reciclada|nurture|nurturing|en nutricion"
    "|withdrawn|retirado|duplicate|duplicado|misrouted|mal dirigido"
)
STAGE_OF = {squeezed(name): stage for stage, names in NAMES.items() for name in names.split("|")}
OUTCOME_NAMES = frozenset(squeezed(name) for name in OUTCOMES.split("|"))
OUT_NAMES = frozenset(squeezed(name) for name in WAYS_OUT.split("|"))


def is_known(cell: str) -> bool:
    """Return whether a cell names a stage, an outcome, or a way out."""
    key = squeezed(cell)
    return key in STAGE_OF or key in OUTCOME_NAMES or key in OUT_NAMES


def parse(style: Style, cell: str) -> str | Noted:
    """Return the stage that a cell names; an outcome or a way out is left out with a note."""
    key = squeezed(cell)
    if key in OUTCOME_NAMES:
        return Noted(None, "outcome_apart", {"cell": cell})
    if key in OUT_NAMES:
        return Noted(None, "way_out", {"cell": cell})
    stage = STAGE_OF.get(key)
    if stage is None:
        raise BadCell(_("“%(cell)s” is no stage") % quoted(cell))
    return stage.value
