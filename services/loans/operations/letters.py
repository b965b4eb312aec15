"""What is printed of a loan until it is paid out: letter, agreement, proof.

Laid out here, out of the same plain data that the JSON answers show. The same data
gives the same bytes, which is what the stored fingerprints rely on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from marshmallow import Schema

from services.loans.domain import decisions, loans, schedules
from services.shared.contracts.loans import akad as akad_contract
from services.shared.contracts.loans import decisions as decisions_contract
from services.shared.contracts.loans import disbursements as disbursements_contract
from services.shared.presentation import formats
from services.shared.presentation.pdf import Column, Document, Letterhead, Signature

METHODS: Final = {
    schedules.FLAT: "Flat (bunga tetap dari pokok pinjaman)",
    schedules.DECLINING: "Menurun/efektif (bunga dari sisa pokok)",
    schedules.ANNUITY: "Anuitas (angsuran tetap)",
    schedules.SEASONAL: "Musiman (pokok dibayar saat panen)",
}
FREQUENCIES: Final = {
    schedules.MONTHLY: "bulanan",
    schedules.WEEKLY: "mingguan",
    schedules.DAILY: "harian",
}
OUTCOMES: Final = {
    decisions.APPROVED: "DISETUJUI",
    decisions.CONDITIONAL: "DISETUJUI DENGAN SYARAT",
    decisions.REJECTED: "DITOLAK",
}
PAYERS: Final = {
    loans.COOPERATIVE: "ditanggung koperasi",
    loans.BORROWER: "ditanggung peminjam",
}
PARTS: Final = {
    loans.PENALTY: "denda",
    loans.INTEREST: "bunga",
    loans.PRINCIPAL: "pokok",
}
OVERPAYMENT: Final = {
    loans.FORWARD: "diperhitungkan untuk angsuran berikutnya",
    "principal": "mengurangi sisa pokok pinjaman",
}
COLLATERAL: Final = {
    "business_equipment": "Peralatan usaha",
    "village_land_certificate": "Surat tanah desa",
    "land_certificate": "Sertifikat tanah",
    "vehicle_bpkb": "Kendaraan (BPKB)",
    "securities": "Surat berharga",
    "savings": "Simpanan",
    "deposit": "Simpanan berjangka",
    "group_guarantee": "Tanggung renteng kelompok",
    "personal_guarantee": "Jaminan pribadi",
}
Facts = Iterable[tuple[str, str]]
"""Names and values below each other."""

_SCHEDULE: Final = (
    Column(title="Ke", share=1, is_amount=True),
    Column(title="Jatuh tempo", share=3),
    Column(title="Pokok", share=3, is_amount=True),
    Column(title="Bunga", share=3, is_amount=True),
    Column(title="Angsuran", share=3, is_amount=True),
    Column(title="Sisa pokok", share=3, is_amount=True),
)


def decision(letter: Mapping[str, Any]) -> bytes:
    """The decision letter (surat keputusan pinjaman), a `DecisionLetter`."""
    data = _read(decisions_contract.DecisionLetter(), letter)
    paper = Document(
        title="Surat Keputusan Pinjaman",
        number=data["number"],
        letterhead=_letterhead(data),
        produced_at=data["decided_at"],
    )
    asked, terms = data["asked"], data["terms"]
    paper.paragraph(
        "Pengurus/Komite Pinjaman, setelah memeriksa permohonan dan hasil verifikasi, "
        "memutuskan atas permohonan pinjaman berikut:"
    )
    paper.facts(
        [
            ("Nomor permohonan", data["application_number"]),
            ("Tanggal permohonan", formats.date_long(data["applied_on"])),
            ("Nama pemohon", data["member_name"]),
            ("Produk pinjaman", data["product_name"]),
            ("Tujuan", data["purpose"]),
            ("Jumlah dimohon", formats.rupiah(asked["amount"])),
            ("Jangka waktu dimohon", _instalments(asked["count"], data["frequency"])),
        ]
    )
    paper.heading(f"KEPUTUSAN: {OUTCOMES[data['outcome']]}")
    if data["outcome"] != decisions.REJECTED:
        paper.facts(_granted(data, terms))
    if data["outcome"] == decisions.CONDITIONAL:
        paper.paragraph(
            "Keputusan ini berlaku setelah pemohon menyatakan menerima ketentuan di "
            "atas."
        )
    if data["reason"]:
        paper.facts([("Pertimbangan", data["reason"])])
    paper.facts([("Jumlah suara yang disyaratkan", str(data["quorum"]))])
    paper.signatures(
        formats.date_long(data["decided_on"]),
        [Signature(role="Pengurus"), Signature(role="Komite Pinjaman")],
    )
    return paper.render()


def akad(content: Mapping[str, Any]) -> bytes:
    """The loan agreement, an `AkadContent`."""
    data = _read(akad_contract.AkadContent(), content)
    paper = Document(
        title="Akad Perjanjian Pinjaman",
        number=data["number"],
        letterhead=_letterhead(data),
        produced_at=data["made_at"],
    )
    paper.paragraph(
        f"Pada tanggal {formats.date_long(data['made_on'])}, "
        f"{data['cooperative_name']} (Koperasi) dan {data['member_name']}, anggota "
        f"nomor {data['member_number']} (Peminjam), bersepakat atas pinjaman dengan "
        f"ketentuan berikut, berdasarkan Surat Keputusan {data['decision_number']}."
    )
    paper.heading("Pasal 1. Pinjaman")
    paper.facts(_loan_facts(data))
    paper.heading("Pasal 2. Bunga dan biaya")
    paper.facts(_cost_facts(data))
    paper.heading("Pasal 3. Pembayaran")
    paper.paragraph(_payment_clause(data))
    paper.heading("Pasal 4. Keterlambatan dan pelunasan dipercepat")
    paper.paragraph(_penalty_clause(data))
    paper.heading("Pasal 5. Jaminan dan pertanggungan")
    paper.facts(_security_facts(data))
    if data["conditions"]:
        paper.heading("Pasal 6. Syarat tambahan")
        paper.paragraph(data["conditions"])
    paper.heading("Jadwal angsuran")
    rows = data["schedule"]
    paper.table(
        _SCHEDULE,
        [
            (
                one["number"],
                formats.date_short(one["due_on"]),
                one["principal"],
                one["interest"],
                one["principal"] + one["interest"],
                one["balance"],
            )
            for one in rows
        ],
        total=(
            "",
            "Jumlah",
            data["principal"],
            data["total_interest"],
            data["total_payments"],
            "",
        ),
    )
    signers = [
        Signature(role="Untuk Koperasi"),
        Signature(role="Peminjam", name=data["member_name"]),
    ]
    if data["guarantors"]:
        signers.append(Signature(role="Penjamin", name=", ".join(data["guarantors"])))
    paper.signatures(formats.date_long(data["made_on"]), signers)
    return paper.render()


def proof(disbursement: Mapping[str, Any], *, name: str, code: str) -> bytes:
    """The proof of transfer (bukti pencairan), a paid `Disbursement`."""
    data = _read(disbursements_contract.Disbursement(), disbursement)
    paper = Document(
        title="Bukti Pencairan Pinjaman",
        number=data["number"],
        letterhead=Letterhead(name=name, lines=[f"Kode koperasi {code}"]),
        produced_at=data["posted_at"],
    )
    paper.facts(
        (label, value)
        for label, value in (
            ("Tanggal", formats.date_long(data["business_date"])),
            ("Nama anggota", data["member_name"]),
            ("Nomor pinjaman", data["loan_number"]),
            ("Nomor akad", data["akad_number"]),
            ("Ke rekening simpanan", data["savings_account"]),
            ("Pokok pinjaman", formats.rupiah(data["principal"])),
            ("Biaya administrasi", _deducted(data["administration"])),
            ("Biaya platform", _deducted(data["passed_fee"])),
            ("Premi asuransi", _deducted(data["passed_premium"])),
            ("Diterima", formats.rupiah(data["received"])),
            ("Terbilang", data["terbilang"]),
            ("Nomor jurnal", data["journal_id"]),
        )
        if value
    )
    paper.signatures(
        formats.date_long(data["business_date"]),
        [
            Signature(role="Bendahara"),
            Signature(role="Peminjam", name=data["member_name"]),
        ],
    )
    return paper.render()


def _granted(data: Mapping[str, Any], terms: Mapping[str, Any]) -> Facts:
    yield "Jumlah disetujui", formats.rupiah(terms["amount"])
    yield "Terbilang", data["terbilang"]
    yield "Jangka waktu", _instalments(terms["count"], data["frequency"])
    yield "Suku bunga", f"{formats.percent_bps(terms['rate_bps'])} per tahun"
    yield "Metode bunga", METHODS[data["method"]]
    if terms["conditions"]:
        yield "Syarat", terms["conditions"]


def _loan_facts(data: Mapping[str, Any]) -> Facts:
    yield "Produk pinjaman", data["product_name"]
    yield "Nomor permohonan", data["application_number"]
    yield "Tujuan", data["purpose"]
    yield "Pokok pinjaman", formats.rupiah(data["principal"])
    yield "Terbilang", data["terbilang"]
    yield "Jangka waktu", _instalments(data["count"], data["frequency"])
    yield "Dicairkan ke rekening", data["savings_account"]


def _cost_facts(data: Mapping[str, Any]) -> Facts:
    rate = formats.percent_bps(data["rate_bps"])
    yield "Suku bunga nominal", f"{rate} per tahun"
    yield "Metode bunga", METHODS[data["method"]]
    effective = formats.percent_bps(data["effective_rate_bps"])
    yield "Suku bunga efektif", f"{effective} per tahun, termasuk biaya yang dipotong"
    yield "Biaya administrasi", formats.rupiah(data["administration"])
    yield "Biaya platform", _borne(data["fee"], data["fee_payer"])
    yield "Premi asuransi", _borne(data["premium"], data["premium_payer"])
    yield "Dipotong saat pencairan", formats.rupiah(data["deducted"])
    yield "Diterima peminjam", formats.rupiah(data["received"])
    yield "Jumlah bunga", formats.rupiah(data["total_interest"])
    yield "Jumlah bunga dan biaya", formats.rupiah(data["total_cost"])


def _security_facts(data: Mapping[str, Any]) -> Facts:
    for number, one in enumerate(data["collateral"], start=1):
        value = "" if one["value"] is None else f", {formats.rupiah(one['value'])}"
        kind = COLLATERAL.get(one["kind"], one["kind"])
        yield f"Jaminan {number}", f"{kind}: {one['description']}{value}"
    if not data["collateral"]:
        yield "Jaminan", "tanpa jaminan benda"
    yield "Penjamin", ", ".join(data["guarantors"]) or "-"
    cover = data["insurance"]
    if cover is None:
        yield "Asuransi", "-"
    else:
        share = formats.percent_bps(cover["coverage_bps"])
        cover_text = (
            f"{cover['product']}, {cover['months']} bulan, pertanggungan {share} dari "
            "sisa pinjaman"
        )
        yield "Asuransi", cover_text


def _payment_clause(data: Mapping[str, Any]) -> str:
    order = ", ".join(PARTS[part] for part in data["allocation"])
    when = formats.date_long(data["first_due_on"])
    due = (
        f"Angsuran pertama jatuh tempo pada {when}, atau satu periode setelah "
        "pencairan bila pencairan dilakukan sesudahnya."
        if data["is_first_due_fixed"]
        else "Angsuran pertama jatuh tempo satu periode setelah pencairan; jadwal di "
        f"bawah ini dihitung untuk pencairan pada {formats.date_long(data['made_on'])}."
    )
    return (
        f"Pinjaman dibayar kembali dalam {data['count']} angsuran "
        f"{FREQUENCIES[data['frequency']]} menurut jadwal. {due} Pembayaran "
        "diperhitungkan mulai dari angsuran tertua dengan urutan "
        f"{order}. Kelebihan pembayaran {OVERPAYMENT[data['overpayment']]}."
    )


def _penalty_clause(data: Mapping[str, Any]) -> str:
    if data["penalty_bps_per_day"]:
        daily = formats.percent_bps(data["penalty_bps_per_day"])
        cap = formats.percent_bps(data["penalty_cap_bps_per_month"])
        penalty = (
            f"Angsuran yang terlambat lebih dari {data['penalty_grace_days']} hari "
            f"dikenai denda {daily} per hari dari angsuran yang tertunggak, paling "
            f"banyak {cap} per bulan dan tidak berbunga."
        )
    else:
        penalty = "Keterlambatan tidak dikenai denda."
    months = data["settlement_fee_months"]
    settlement = (
        f"Pelunasan dipercepat dikenai biaya sebesar {months} bulan bunga."
        if months
        else "Pelunasan dipercepat tidak dikenai biaya."
    )
    return " ".join([penalty, settlement, *_reward(data)])


def _reward(data: Mapping[str, Any]) -> list[str]:
    """What was agreed on paying in time; agreements of before say nothing of it."""
    if not data.get("rebate_bps"):
        return []
    share = formats.percent_bps(data["rebate_bps"])
    days = data["rebate_grace_days"]
    grace = f" atau paling lambat {days} hari sesudahnya" if days else ""
    clause = (
        f"Apabila setiap angsuran dibayar pada tanggal jatuh tempo{grace}, {share} "
        "dari bunga yang telah dibayar dikembalikan ke simpanan setelah pinjaman lunas."
    )
    return [clause]


def _instalments(count: int, frequency: str) -> str:
    return f"{count} angsuran {FREQUENCIES[frequency]}"


def _borne(amount: int, payer: str) -> str:
    return f"{formats.rupiah(amount)}, {PAYERS[payer]}" if amount else "-"


def _deducted(amount: int) -> str:
    return f"-{formats.rupiah(amount)}" if amount else ""


def _letterhead(data: Mapping[str, Any]) -> Letterhead:
    return Letterhead(
        name=data["cooperative_name"],
        lines=[f"Kode koperasi {data['cooperative_code']}"],
    )


def _read(schema: Schema, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The stored JSON with its dates as dates."""
    return cast("dict[str, Any]", schema.load(stored))
