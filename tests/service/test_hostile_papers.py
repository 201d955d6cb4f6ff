"""Pictures and PDFs made to harm: a clear sentence to the sender, the file kept, the service unmoved."""

from __future__ import annotations

import io
import random
import resource
import struct
import time
import zlib
from pathlib import Path

import pytest
from department import SERVICE, Department, mail, make
from PIL import Image

from mailflow import papers
from parsers import Attachment
from parsers.pages import PageLimits, PagesError, is_paper, pages


def tiff(sizes: list[tuple[int, int]], after: int = 0) -> bytes:
    """A TIFF of empty group 4 pages that say these sizes; the last points at `after`."""
    out = bytearray(b"II*\0" + struct.pack("<I", 8))
    for number, (width, height) in enumerate(sizes):
        tags = [(256, 4, width), (257, 4, height), (258, 3, 1), (259, 3, 4), (262, 3, 0), (273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, 4)]
        end = len(out) + 2 + 12 * len(tags) + 4
        out += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
        out += struct.pack("<I", after if number == len(sizes) - 1 else end)
    return bytes(out)


def png(width: int, height: int, rows: int = 0) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packed = zlib.compress(bytes(1 + width // 8) * rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def pdf(count: int = 1, width: int = 595, height: int = 842, content: bytes = b"", extra: str = "", trailer: str = "") -> bytes:
    """A PDF without anything on its pages but `content`."""
    kids = " ".join(f"{n + 4} 0 R" for n in range(count))
    parts = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {count}/Kids[{kids}]>>", f"<</Length {len(content)}{extra}>>\nstream\n{content.decode('latin-1')}\nendstream"]
    parts += [f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents 3 0 R/Resources<<>>>>"] * count
    out, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{p:010} 00000 n \n" for p in places)
    return f"{out}xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer\n<</Size {len(parts) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{len(out)}\n%%EOF".encode("latin-1")


def encrypted() -> bytes:
    """Asks for a password that nobody gives (PDF 1.7 §7.6, revision 2)."""
    word = "<" + "41" * 32 + ">"
    return pdf(trailer=f"/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]/Encrypt<</Filter/Standard/V 1/R 2/O{word}/U{word}/P -44>>")


def bomb() -> bytes:
    """A hundred megabytes of drawing in a hundred kilobytes."""
    packed = zlib.compress(b"0 0 595 842 re f\n" * 6_000_000, 9)
    return pdf(content=packed, extra="/Filter/FlateDecode")


def lying(**tags: int) -> bytes:
    """A TIFF page of eight bytes whose tags say otherwise."""
    said = {256: 1728, 257: 2200, 258: 1, 259: 4, 262: 0, 273: 8, 277: 1, 278: 2200, 279: 8} | {int(tag[1:]): value for tag, value in tags.items()}
    out = b"II*\0" + struct.pack("<I", 16) + bytes(8) + struct.pack("<H", len(said))
    return out + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(said.items())) + struct.pack("<I", 0)


def png_with(kind: bytes, body: bytes) -> bytes:
    """A small PNG with a chunk more, before its picture."""
    plain = png(300, 200, 200)
    return plain[:33] + struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) + plain[33:]


BOMB = zlib.compress(bytes(200 * 2**20), 9)  # 200 MB in 200 KB

HOSTILE = {
    "strips beyond the end.tif": (lying(t273=2**31), "损坏"),
    "strips of two gigabytes.tif": (lying(t259=1, t279=2**31), "损坏"),
    "a strip for each of four billion rows.tif": (lying(t259=1, t278=0), "损坏"),
    "sixty thousand samples.tif": (lying(t259=1, t277=60_000), "损坏"),
    "no height.tif": (lying(t257=0), "损坏"),
    "text bomb.png": (png_with(b"zTXt", b"Comment\0\0" + BOMB), "损坏"),
    "2000 pages.tif": (tiff([(1728, 1145)] * 2000), "超过 50 页"),
    "900 megapixels.tif": (tiff([(30_000, 30_000)]), "百万点"),
    "many large pages.tif": (tiff([(10_000, 11_000)] * 40), "超过 50 页"),
    "a circle.tif": (tiff([(100, 100)], after=8), "损坏"),
    "points nowhere.tif": (tiff([(100, 100)], after=2**31), "损坏"),
    "bigtiff.tif": (b"II+\0\x08\0\0\0" + bytes(64), "BigTIFF"),
    "900 megapixels.png": (png(30_000, 30_000, 30_000), "百万"),
    "100 gigapixels.png": (png(2**31 - 1, 2**20), "百万"),
    "nothing behind the header.png": (png(1000, 1000), "损坏"),
    "2000 pages.pdf": (pdf(2000), "超过 50 页"),
    "encrypted.pdf": (encrypted(), "密码"),
    "no pdf.pdf": (b"%PDF-1.4\nnothing", "损坏"),
    "a program.pdf": (b"MZ" + bytes(4000), "不是图片或 PDF"),
    "text.tif": (b"II*\0", "损坏"),
    "a phone's own.heic": (b"\0\0\0\x18ftypheic" + bytes(500), "存为 JPEG"),
    "scanner's own.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 " + bytes(500), "存为 JPEG"),
}


def told(data: bytes, name: str) -> str:
    with pytest.raises(PagesError) as why:
        list(pages(data, name))
    return str(why.value)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_from_its_header_with_what_to_do(name: str) -> None:
    data, says = HOSTILE[name]
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sentence = told(data, name)
    assert says in sentence and name in sentence and "请" in sentence, sentence
    assert time.process_time() - started < 2, "refused before it is decoded"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000, "kilobytes"


def test_a_page_as_large_as_a_house_is_drawn_small() -> None:
    [page] = pages(pdf(width=14_400, height=14_400))
    assert page.image.width * page.image.height < 21_000_000


@pytest.mark.parametrize(("width", "height"), [(2_000_000_000, 2_000_000_000), (2_000_000_000, 1), (0, 0), (-500, -500)])
def test_a_page_box_that_cannot_be_is_a_small_page_or_a_sentence(width: int, height: int) -> None:
    try:
        [page] = pages(pdf(width=width, height=height), "x")
        assert page.image.width * page.image.height < 21_000_000
    except PagesError as why:
        assert "《x》" in str(why)


def test_a_picture_of_one_row_is_no_mistake() -> None:
    [page] = pages(png(50_000_000, 1, 1))
    assert page.image.size == (2800, 1)


def test_a_colour_profile_that_is_a_bomb_is_not_unpacked() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        assert next(pages(png_with(b"iCCP", b"x\0\0" + BOMB), "x")).image.size == (300, 200)
    except PagesError as why:
        assert "损坏" in str(why)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000, "kilobytes"


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (1728, 2200)])
def test_pages_without_print_have_no_words(size: tuple[int, int]) -> None:
    """With the extra `ocr` alone. Slivers, and a page all black."""
    pytest.importorskip("rapidocr")
    from parsers.printed import read_words, upright

    for paint in (255, 0):
        out = io.BytesIO()
        Image.new("L", size, paint).save(out, "PNG")
        [page] = pages(out.getvalue())
        assert read_words(page) == [] and upright(page).size


@pytest.mark.parametrize("seed", range(40))
def test_damage_is_never_more_than_a_sentence(seed: int) -> None:
    """Real pages with bytes knocked over: pages, or a sentence; nothing else escapes."""
    dice = random.Random(seed)
    out = io.BytesIO()
    Image.frombytes("L", (300, 200), dice.randbytes(60_000)).convert("1").save(out, ("TIFF", "PNG", "PDF")[seed % 3], **({"compression": "group4"} if seed % 3 == 0 else {}))
    data = bytearray(out.getvalue())
    for _ in range(dice.randrange(1, 12)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    try:
        for page in pages(bytes(data[: dice.randrange(len(data) // 2, len(data) + 1)]), "x"):
            assert page.image.size
    except PagesError as why:
        assert "《x》" in str(why)


@pytest.mark.slow
def test_the_reader_is_stopped_by_time_and_by_memory_and_the_next_file_is_read() -> None:
    good = io.BytesIO()
    Image.new("L", (200, 200), 255).save(good, "PNG")
    files = [Attachment("bomb.pdf", "", 0, bomb()), Attachment("good.png", "", 0, good.getvalue())]
    started = time.monotonic()
    by_memory = papers.read(files, seconds=25, memory_mb=400)
    assert time.monotonic() - started < 27
    assert len(by_memory.problems) == 1 and "bomb.pdf" in by_memory.problems[0] and "请" in by_memory.problems[0]
    assert by_memory.pages == 1, "the good one"
    started = time.monotonic()
    by_time = papers.read(files[:1] * 8, seconds=2, memory_mb=4096)
    assert time.monotonic() - started < 5, "two seconds for all files of a mail, not for each"
    assert len(by_time.problems) == 8


def test_a_file_of_too_many_bytes_is_not_opened() -> None:
    with pytest.raises(PagesError, match="太大"):
        list(pages(b"%PDF-" + bytes(100), "x.pdf", PageLimits(size=50)))


@pytest.mark.parametrize(("name", "data", "paper"), [("a.docx", b"PK\3\4", False), ("a.txt", b"hello", False), ("noname", b"%PDF-1.4", True), ("fax.TIF", b"", True), ("x.exe", b"\xff\xd8\xff\xe0", True)])
def test_paper_is_known_by_its_bytes_before_its_name(name: str, data: bytes, paper: bool) -> None:
    assert is_paper(Attachment(name, "", len(data), data)) is paper


# -- the service


@pytest.fixture
def department(tmp_path: Path) -> Department:
    return make(tmp_path)


def test_who_sent_it_is_told_the_mail_is_kept_and_the_next_one_is_handled(department: Department) -> None:
    from email import policy
    from email.message import EmailMessage

    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"], message["Message-ID"] = "zhouqiang@demo.example", SERVICE, "签好的单据", "<evil@demo.example>"
    message.set_content("请看附件")
    for name in ("2000 pages.tif", "900 megapixels.png", "encrypted.pdf"):
        message.add_attachment(HOSTILE[name][0], maintype="application", subtype="octet-stream", filename=name)
    department.put(message.as_bytes(), "1764000000.M1P1.test")
    department.put(mail(), "1764000001.M1P1.test")
    done = department.run("once")
    assert done.returncode == 0, done.stderr
    said = "\n".join(m.get_body(("plain",)).get_content() for m in department.letters() if "zhouqiang" in m["To"])  # type: ignore[union-attr]
    for name in ("2000 pages.tif", "900 megapixels.png", "encrypted.pdf"):
        assert f"附件《{name}》" in said
    ends = department.run("inbox").stdout
    assert "held" not in ends and "滨江医院" in ends
    [kept] = [b for f in (department.folder / "archive").rglob("*") if f.is_file() and b"evil@demo.example" in (b := f.read_bytes())]
    assert kept, "for the operator"


@pytest.mark.slow
def test_of_a_fax_of_very_many_files_the_first_are_read_and_that_is_said() -> None:
    good = io.BytesIO()
    Image.new("L", (200, 200), 255).save(good, "PNG")
    files = [Attachment(f"{n}.png", "", 0, good.getvalue()) for n in range(papers.MOST_FILES + 3)]
    reading = papers.read(files, seconds=60, memory_mb=2048, fax=True)
    assert reading.pages == papers.MOST_FILES and any("11 个" in p and "请" in p for p in reading.problems)


def test_a_manual_in_an_ordinary_mail_is_no_fax_and_nobody_is_bothered() -> None:
    """Of a long PDF the first pages are looked at; hundreds of pages are neither read nor complained of."""
    reading = papers.read([Attachment("手册.pdf", "", 0, pdf(900))], seconds=20, memory_mb=1024)
    assert (reading.problems, reading.pages) == ([], 3)
