"""A fault from its report to its end with hardly a mail: form, slips and documents by fax, as a gateway brings them and a mail-to-fax address takes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from faxing import FINE, STANDARD, fax, on_paper, printed, sign, tiff
from PIL import Image
from test_fax_cases import WHOLE, drawn
from test_slips_back import GATEWAY, House

from parsers.printed import available

pytestmark = pytest.mark.slow  # a quarter of a minute

INSTITUTE, MAKER = "020-77770022", "0755-77770032"
NUMBER = House.number
DONE = {"单号": NUMBER, "地市": "韶关", "局站": "韶关曲江三期局", "级别": "三级", "完成时间": "2026-11-02 09:20", "处理结果": "更换主控板,告警消失", "处理人": "刘工"}
REPORT = {"单号": NUMBER, "局站": "韶关曲江三期局", "故障原因": "主控板老化"}

class Paper(House):
    """Nothing has happened yet."""

    def begin(self) -> None:
        pass

    def by_fax(self, number: str, *sheets: Image.Image, resolution: tuple[int, int] = FINE) -> None:
        data = tiff([fax(s, 7, resolution, noise=0.001 if resolution == FINE else 0.004) for s in sheets], resolution)
        self.mail(GATEWAY, f"Fax from {number}", f"{len(sheets)} page(s)", (("fax.tif", data),), Auto_Submitted="auto-generated")
        if self.end()["end"] == "sorting":  # a doubtful cell: the desk looks at the picture
            letter = [m for m in self.letters() if "请核对传真" in m["Subject"] and "admin@" in m["To"]][-1]
            self.mail("admin@corp.example", f"Re: {letter['Subject']}", "确认", In_Reply_To=str(letter["Message-ID"]))

    def signed(self, name: str) -> None:
        """The slip that went to the institute's fax machine: printed there by one fax, signed, faxed back by another."""
        slips = [a.get_content() for m in self.letters() if "02077770022@fax.example" in m["To"] for a in m.iter_attachments() if str(a.get_filename()).startswith(name)]
        assert slips, name
        assert [m for m in self.letters() if self.institute in m["To"] for a in m.iter_attachments() if str(a.get_filename()).startswith(name)], "by mail as well"
        self.by_fax(INSTITUTE, sign(on_paper(fax(printed(slips[-1]), 3))), resolution=STANDARD)

    def state(self) -> str:
        return str(self.case()["state"])

    def deadline(self, name: str) -> str:
        return str(next(d["status"] for d in self.case()["deadlines"] if d["name"] == name))

@pytest.mark.skipif(not available(), reason="needs the extra ocr")
def test_a_whole_life_on_paper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = Paper(tmp_path, lambda: capsys.readouterr().out, 'reply = "{number}@fax.example"\n')
    house.by_fax(INSTITUTE, drawn(WHOLE))
    assert (house.state(), house.case()["fields"]["方式"], house.case()["fields"]["故障单号"]) == ("已报障", "传真", WHOLE["故障单号"])
    house.mail(house.maker, f"Re: [{NUMBER}]", "受理 2026-11-02 09:01")
    house.signed("疑难故障受理确认单")
    assert house.case()["fields"]["接受时间"] == "2026-11-02 09:01" and house.filed()
    assert house.deadline("电话确认") == "running"
    house.mail(house.maker, f"Re: [{NUMBER}]", "电话已确认")
    assert house.deadline("电话确认") == "met"
    house.by_fax(MAKER, drawn(DONE, "疑难故障处理情况表"))
    assert (house.state(), house.case()["fields"]["厂家完成时间"]) == ("待核对", "2026-11-02 09:20"), house.end()
    house.signed("疑难故障处理情况确认单")
    assert (house.state(), house.case()["fields"]["完成时间"], house.deadline("三四级解决")) == ("文档待交", "2026-11-02 09:20", "met")
    house.by_fax(MAKER, drawn(REPORT, "故障分析报告"), drawn(REPORT, "解决方案"))
    assert {d["name"] for d in house.case()["documents"] if d["received_at"]} >= {"疑难故障处理情况表", "故障分析报告", "解决方案"}, house.end()
    house.mail(house.institute, f"Re: [{NUMBER}]", "签收")
    for who in (house.maker, house.institute):
        house.mail(who, f"Re: [{NUMBER}]", "确认")
    assert (house.state(), house.case()["open"]) == ("已结束", False), house.case()["history"]
    assert {r["end"] for r in house.rows("inbox")} <= {"recorded", "answered"}
